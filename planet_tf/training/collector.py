"""Collects episodes into the run directory.

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
from planet_tf.training.seeds import make_integer_seed

_NUMBER = re.compile(r'-episode(\d{6})(-|$)')


class Collector:
  """Collects episodes of one kind and one task into a folder.

  Episodes are numbered from 0, those of all tasks together. Everything random
  in an episode is a function of the run's seed, the kind and the number, so
  an episode that is lost with a crash comes back the same.

  Args:
    directory: Folder of the episode files.
    envs: Environments of the task.
    kind: `train` or `test`; separates the seeds.
    seed: Seed of the run.
  """

  def __init__(
    self, directory: pathlib.Path, envs: Envs, kind: str, seed: int
  ) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    self.directory = directory
    self.envs = envs
    self._kind = kind
    self._seed = seed

  def collect_random(
    self, number: int, count: int, on_decision: Callable[[], None] | None = None
  ) -> Simulation:
    """Collects episodes of random actions.

    Args:
      number: Number of the first episode.
      count: Episodes to collect, at most as many as there are environments.
      on_decision: Called after each decision.

    Returns:
      The episodes, which have been written.
    """
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
    """Collects episodes of a policy, side by side.

    Args:
      policy: The policy.
      number: Number of the first episode.
      count: Episodes to collect, at most as many as there are environments.
      on_decision: Called after each decision.

    Returns:
      The episodes, which have been written.
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


def set_aside(directory: pathlib.Path, number: int) -> list[pathlib.Path]:
  """Moves episodes that are newer than the checkpoint out of the way.

  They will be collected again, with the same content.

  Args:
    directory: Folder of the episode files.
    number: Number of episodes at the checkpoint.

  Returns:
    The files' new paths, in the folder `superseded`.
  """
  moved = []
  for path in list_episodes(directory):
    match = _NUMBER.search(path.stem)
    if match and int(match[1]) >= number:
      target = directory / 'superseded' / path.name
      target.parent.mkdir(exist_ok=True)
      moved.append(path.replace(target))
  return moved
