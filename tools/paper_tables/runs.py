"""Runs and what they have scored."""

import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from planet_tf.cli import UsageError
from planet_tf.logs.metric_names import metric_suffix
from planet_tf.logs.recorder import read_metrics
from planet_tf.runs.directory import read_json
from planet_tf.runs.loading import read_task


class Score(NamedTuple):
  """A test of a run.

  Attributes:
    episodes: Episodes of training data that it had of this task.
    updates: Updates that it had.
    returns: Return of each episode without noise.
  """

  episodes: int
  updates: int
  returns: list[float]


class Run(NamedTuple):
  """A run in one of its tasks.

  Attributes:
    path: The run directory or file.
    task: Name of the task.
    seed: Seed of the run.
    scores: Its tests in order.
    sessions: Descriptions of its sessions.
    precision: The setting; None without a model.
  """

  path: str
  task: str
  seed: int
  scores: list[Score]
  sessions: list[dict[str, Any]]
  precision: str | None = None

  @property
  def precisions(self) -> list[str]:
    """What its sessions computed products in; `auto` is each machine's."""
    if self.precision == 'auto':
      return [x.get('auto_precision', 'unknown') for x in self.sessions]
    return [self.precision] if self.precision else []


def read_run(path: pathlib.Path, settings: Mapping[str, Any]) -> list[Run]:
  """Reads a run directory.

  Args:
    path: The folder.
    settings: Bindings of its configuration.

  Returns:
    The run in each of its tasks, some perhaps without a test.

  Raises:
    RunError: It is damaged.
    UsageError: A return is not a number.
  """
  tasks = list(read_task(path)['tasks'])
  lines = read_metrics(path, 'test')
  sessions = read_json(path / 'versions.json')
  runs = []
  for task in tasks:
    end = metric_suffix((task, tasks))
    scores = [
      Score(line['episodes'] // len(tasks), line['updates'], returns)
      for line in lines
      if (returns := _returns(line, end, settings['train.evaluations']))
    ]
    for score in scores:
      if not all(map(math.isfinite, score.returns)):
        raise UsageError(
          f'{str(path)!r} has returns {score.returns} of {task} after '
          f'{score.updates} updates; leave out the run.'
        )
    runs.append(
      Run(
        str(path),
        task,
        settings['train.seed'],
        scores,
        sessions,
        settings['make_world_model.precision'],
      )
    )
  return runs


def _returns(
  line: Mapping[str, Any], end: str, tests: Sequence[str]
) -> list[float]:
  """Returns of a test of the first planner."""
  name = f'episode_returns{end}'
  found = line.get(f'{name}/{tests[0]}', [])
  # A record of one planner does not name it, and earlier it was another one.
  return found or (line.get(name, []) if len(tests) == 1 else [])
