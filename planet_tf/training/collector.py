"""Runs a policy and writes the episodes into the run directory.

Source: paper, algorithm 1; original: training/utility.py
(simulate_episodes, collect_initial_episodes).
"""

import pathlib
import re
import time
from collections.abc import Callable

from planet_tf.control.simulate import (
  Envs,
  Policy,
  RandomPolicy,
  Simulation,
  action_bounds,
  simulate,
)
from planet_tf.data import list_episodes, write_episode
from planet_tf.errors import file_errors
from planet_tf.training.seeds import make_integer_seed

_NUMBER = re.compile(r'-episode(\d{6})(-|$)')


class Collector:
  """Collects the episodes of one task into a folder.

  Episodes are numbered from 0 across all tasks. All random draws of an episode
  are functions of the run's seed, the kind and the episode's number. An
  episode that a crash loses is therefore collected again with equal content.

  Args:
    directory: Folder of the episode files; created if it does not exist.
    envs: Environments of the task.
    kind: `train` or `test`, which have different seeds.
    seed: Seed of the run.
  """

  def __init__(
    self, directory: pathlib.Path, envs: Envs, kind: str, seed: int
  ) -> None:
    with file_errors('write', directory):
      directory.mkdir(parents=True, exist_ok=True)
    self.directory = directory
    self.envs = envs
    self._kind = kind
    self._seed = seed

  def collect_random(
    self, number: int, count: int, on_decision: Callable[[], None] | None = None
  ) -> Simulation:
    """Collects episodes with random actions; arguments as in `collect`."""
    seeds = self._seeds('actions', number, count)
    policy = RandomPolicy(*action_bounds(self.envs.action_spec), seeds)
    return self.collect(policy, number, count, on_decision)

  def collect(
    self,
    policy: Policy,
    number: int,
    count: int = 1,
    on_decision: Callable[[], None] | None = None,
  ) -> Simulation:
    """Collects episodes with a policy, in parallel, and writes them.

    Args:
      policy: Policy that chooses the actions.
      number: Number of the first episode.
      count: Number of episodes, at most the number of environments.
      on_decision: Called after each decision.

    Returns:
      The episodes and their times.
    """
    seeds = self._seeds('env', number, count)
    result = simulate(self.envs, policy, seeds, on_decision)
    stamp = time.strftime('%Y%m%dT%H%M%S', time.gmtime())
    task = re.sub(r'\W+', '-', self.envs.task)
    for index, episode in enumerate(result.episodes):
      name = f'{stamp}-episode{number + index:06d}-{task}'
      write_episode(self.directory, episode, name=name)
    return result

  def _seeds(self, purpose: str, number: int, count: int) -> list[int]:
    return [
      make_integer_seed(self._seed, f'{self._kind}-{purpose}', number + index)
      for index in range(count)
    ]


def move_superseded(directory: pathlib.Path, count: int) -> list[pathlib.Path]:
  """Moves the episodes after the first `count` to the folder `superseded`.

  They are newer than the checkpoint. The run collects them again.

  Args:
    directory: Folder of the episode files.
    count: Number of episodes at the checkpoint.

  Returns:
    New paths of the moved files.
  """
  moved = []
  for path in list_episodes(directory):
    match = _NUMBER.search(path.stem)
    if match and int(match[1]) >= count:
      target = directory / 'superseded' / path.name
      with file_errors('write', target):
        target.parent.mkdir(exist_ok=True)
        moved.append(path.replace(target))
  return moved
