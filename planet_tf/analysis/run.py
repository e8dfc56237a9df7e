"""Reads run directories.

All figures, tables and reports read runs through `read_run`.
"""

import dataclasses
import functools
import glob
import math
import os
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from planet_tf.analysis.clock import make_clock
from planet_tf.analysis.metrics import Record, read_metrics
from planet_tf.analysis.settings import Settings, read_settings
from planet_tf.logs.metric_names import metric_suffix
from planet_tf.logs.metrics_file import FILE
from planet_tf.runs.directory import RunError, read_json
from planet_tf.runs.loading import read_task

# A session of a run: versions, commit and hardware.
Session = dict[str, Any]

# Keys of the rows that `Run.returns` makes.
RETURN_COLUMNS = (
  'split',
  'updates',
  'episodes',
  'env_steps',
  'hours',
  'return',
)


class Evaluation(NamedTuple):
  """Returns of the episodes of one evaluation.

  Attributes:
    episodes: Episodes of training data of the task at that time.
    updates: Updates at that time.
    returns: Return of each episode, without exploration noise.
  """

  episodes: int
  updates: int
  returns: list[float]


@dataclasses.dataclass(frozen=True)
class Run:
  """The records of a run.

  Attributes:
    path: The run directory.
    tasks: Names of the tasks that the agent learns.
    records: Records of metrics.jsonl in order, each with `hours`, the hours of
      work before it.
    sessions: Versions, commit and hardware of each session.
  """

  path: pathlib.Path
  tasks: tuple[str, ...]
  records: list[Record]
  sessions: list[Session]

  @functools.cached_property
  def settings(self) -> Settings:
    """Settings of the run by name; see `read_settings`."""
    return read_settings(self.path)

  @property
  def is_imported(self) -> bool:
    """Whether the run began with weights of the original code."""
    return (self.path / 'imported.json').exists()

  def returns(self, task: str | None = None) -> list[Record]:
    """Returns one row for each training episode and each evaluation.

    Args:
      task: Name of the task; by default the first.

    Returns:
      Rows with the keys `RETURN_COLUMNS` in the order of the records. The
      return of an evaluation is the mean over its episodes; with several
      planners, that of the alphabetically first.
    """
    name = 'return' + metric_suffix((task or self.tasks[0], self.tasks))
    rows = []
    for record in self.records:
      names = sorted(key for key in record if f'{key}/'.startswith(f'{name}/'))
      if names:
        row = {**record, 'return': record[names[0]]}
        row['hours'] = round(row['hours'], 4)
        rows.append({key: row[key] for key in RETURN_COLUMNS})
    return rows

  def evaluations(
    self,
    task: str | None = None,
    planner: str | None = None,
  ) -> list[Evaluation]:
    """Returns the evaluations of a task in order.

    Args:
      task: Name of the task; by default the first.
      planner: One of the setting `train.evaluations`; by default the first.

    Raises:
      RunError: If a return is not a finite number.
    """
    task = task or self.tasks[0]
    planners = self.settings['train.evaluations']
    planner = planner or planners[0]
    name = 'episode_returns' + metric_suffix((task, self.tasks))
    found = []
    for record in self.records:
      returns = record.get(f'{name}/{planner}', [])
      # The record of an evaluation with one planner does not name it.
      if not returns and len(planners) == 1:
        returns = record.get(name, [])
      if record['split'] == 'test' and returns:
        episodes = record['episodes'] // len(self.tasks)
        found.append(Evaluation(episodes, record['updates'], returns))
    self._check_finite(task, found)
    return found

  def _check_finite(self, task: str, found: Sequence[Evaluation]) -> None:
    for evaluation in found:
      if not all(map(math.isfinite, evaluation.returns)):
        raise RunError(
          f'{str(self.path)!r} has the returns {evaluation.returns} of {task} '
          f'after {evaluation.updates} updates; leave out this run.'
        )


def read_run(logdir: str | os.PathLike[str]) -> Run:
  """Reads a run directory, of a finished run or of one that is training.

  Args:
    logdir: The run directory.

  Returns:
    The run. It has no records if training has not recorded anything yet.

  Raises:
    RunError: If the folder is not a run directory, or a file is damaged.
  """
  path = pathlib.Path(logdir).expanduser()
  tasks = tuple(read_task(path)['tasks'])
  records = read_metrics(path) if has_metrics(path) else []
  try:
    sessions = read_json(path / 'versions.json')
  except OSError as error:
    raise RunError(
      f'{str(path)!r} has no versions.json; give the --logdir of a training '
      'run.'
    ) from error
  clock = make_clock(sessions, records)
  for record in records:
    record['hours'] = clock.hours(record['time'])
  return Run(path, tasks, records, sessions)


def read_runs(pattern: str) -> dict[str, Run]:
  """Reads all run directories that match a glob.

  Args:
    pattern: Glob of run directories. Matches without records are skipped.

  Returns:
    Runs by their paths, relative to the common folder if there are several.

  Raises:
    RunError: If no run directory matches, or one cannot be read.
  """
  paths = sorted(glob.glob(os.path.expanduser(pattern)))
  paths = [path for path in paths if has_metrics(path)]
  if not paths:
    raise RunError(
      f'{pattern!r} matches no run directory with {FILE}; give the --logdir of '
      'a training run, or a glob of several.'
    )
  runs = [read_run(path) for path in paths]
  if len(paths) > 1:
    common = os.path.commonpath(paths) or '.'
    paths = [os.path.relpath(path, common) for path in paths]
  return dict(zip(paths, runs, strict=True))


def has_metrics(path: str | os.PathLike[str]) -> bool:
  """Returns whether a folder holds the records of a run."""
  return (pathlib.Path(path) / FILE).is_file()
