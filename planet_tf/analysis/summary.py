"""Summary of the returns of a run."""

import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from planet_tf.analysis.metrics import Record
from planet_tf.analysis.run import Run, Session
from planet_tf.logs.metrics_file import FILE
from planet_tf.runs.directory import RunError


class Returns(NamedTuple):
  """Rows of `Run.returns` by kind.

  Attributes:
    random: Training episodes with random actions.
    planned: Training episodes with planned actions.
    evaluations: Evaluations without exploration noise.
  """

  random: list[Record]
  planned: list[Record]
  evaluations: list[Record]


def split_returns(rows: Sequence[Record]) -> Returns:
  """Splits rows of `Run.returns` by kind."""
  train = [row for row in rows if row['split'] == 'train']
  return Returns(
    random=[row for row in train if row['updates'] == 0],
    planned=[row for row in train if row['updates'] > 0],
    evaluations=[row for row in rows if row['split'] == 'test'],
  )


def summarize(run: Run, task: str | None = None) -> dict[str, Any]:
  """Returns a summary of the returns of a run in a task.

  Args:
    run: The run.
    task: Name of the task; by default the first.

  Returns:
    Mean returns, counters and hardware by name, JSON values. A mean over
    nothing is None; a fact in which the sessions differ is a list. `hours`
    excludes the pauses of a run that was resumed.

  Raises:
    RunError: If the run has no episode yet.
  """
  rows = run.returns(task)
  if not rows:
    raise RunError(
      f'{str(run.path / FILE)!r} has no return yet; wait for the first episode.'
    )
  random, planned, evaluations = split_returns(rows)
  best = max(evaluations, key=lambda row: row['return'], default={})
  last = rows[-1]
  return {
    'task': task or run.tasks[0],
    'random_episodes': len(random),
    'random_mean_return': _mean(random),
    'first_5_planned_mean_return': _mean(planned[:5]),
    'last_10_planned_mean_return': _mean(planned[-10:]),
    'tests': len(evaluations),
    'first_test_return': _mean(evaluations[:1]),
    'last_5_tests_mean_return': _mean(evaluations[-5:]),
    'best_test_return': best.get('return'),
    'best_test_updates': best.get('updates'),
    **{key: last[key] for key in ('updates', 'episodes', 'env_steps', 'hours')},
    'sessions': len(run.sessions),
    **{
      name: _distinct(run.sessions, name)
      for name in ('commit', 'processor', 'cores', 'tensorflow')
    },
  }


def _mean(rows: Sequence[Record]) -> float | None:
  if not rows:
    return None
  return round(statistics.fmean(row['return'] for row in rows), 3)


def _distinct(sessions: Sequence[Session], name: str) -> Any:
  """Returns a fact of all sessions, or a list if they differ."""
  values = list(dict.fromkeys(session.get(name) for session in sessions))
  return values[0] if len(values) == 1 else values
