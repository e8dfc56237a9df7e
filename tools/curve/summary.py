"""What a run has reached, in numbers."""

import pathlib
import statistics
from collections.abc import Sequence

from tools.curve.rows import Row, read_sessions, split_rows


def summarize(
  logdir: pathlib.Path, task: str, rows: Sequence[Row]
) -> dict[str, object]:
  """Summarises what a run has reached in a task.

  Args:
    logdir: The run directory.
    task: Name of the task.
    rows: What `read_rows` returns.

  Returns:
    Mean returns, counters and hardware by name; None where there is nothing
    to average yet. `hours` leaves out the pauses of a run that was resumed.
  """
  random, planned, tests = split_rows(rows)
  best = max(tests, key=lambda row: row['return'], default={})
  last = rows[-1]
  sessions = read_sessions(logdir)
  return {
    'task': task,
    'random_episodes': len(random),
    'random_mean_return': _mean(random),
    'first_5_planned_mean_return': _mean(planned[:5]),
    'last_10_planned_mean_return': _mean(planned[-10:]),
    'tests': len(tests),
    'first_test_return': _mean(tests[:1]),
    'last_5_tests_mean_return': _mean(tests[-5:]),
    'best_test_return': best.get('return'),
    'best_test_updates': best.get('updates'),
    **{key: last[key] for key in ('updates', 'episodes', 'env_steps', 'hours')},
    'sessions': len(sessions),
    **{
      name: _distinct(sessions, name)
      for name in ('commit', 'processor', 'cores', 'tensorflow')
    },
  }


def _mean(rows: Sequence[Row]) -> float | None:
  if not rows:
    return None
  return round(statistics.fmean(row['return'] for row in rows), 3)


def _distinct(sessions: Sequence[Row], name: str) -> object:
  """A fact of all sessions; a list where they differ."""
  values = list(dict.fromkeys(session[name] for session in sessions))
  return values[0] if len(values) == 1 else values
