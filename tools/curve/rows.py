"""The returns of a run, read from its metrics.jsonl."""

import calendar
import csv
import json
import pathlib
import time
from collections.abc import Sequence

from planet_tf.cli import UsageError
from planet_tf.logs.recorder import FILE, read_metrics

COLUMNS = ('split', 'updates', 'episodes', 'env_steps', 'hours', 'return')

Row = dict[str, object]


class Clock:
  """Counts the time in which a run was at work, without its pauses.

  Args:
    starts: When its sessions began, in seconds since 1970.
    records: When it has recorded something.
  """

  def __init__(self, starts: Sequence[float], records: Sequence[float]) -> None:
    self._start = min(starts)
    self._pauses = []  # When each ended, and its length in seconds.
    for start in sorted(starts)[1:]:
      last = max((x for x in records if x < start), default=self._start)
      self._pauses.append((start, start - last))

  def hours(self, when: float) -> float:
    """Hours of work up to a time in seconds since 1970."""
    paused = sum(length for end, length in self._pauses if end <= when)
    return (when - self._start - paused) / 3600


def clock_of(logdir: pathlib.Path, lines: Sequence[Row]) -> Clock:
  """The clock of a run, from its directory and the lines of its metrics."""
  starts = [_seconds(x['started']) for x in read_sessions(logdir)]
  return Clock(starts, [line['time'] for line in lines])


def read_sessions(logdir: pathlib.Path) -> list[dict[str, object]]:
  """Versions and hardware of each session; see `describe_session`."""
  return json.loads((logdir / 'versions.json').read_text())


def read_rows(logdir: pathlib.Path, name: str = 'return') -> list[Row]:
  """Reads the collected episodes and the tests of a run.

  Args:
    logdir: The run directory.
    name: Name of the return, or of the first part of it: with several tasks
      `return/TASK`, which several planners continue with `/NAME`.

  Returns:
    One row with the keys COLUMNS for each episode of training data and each
    test, in the order of their recording.

  Raises:
    UsageError: The run has no episode yet.
  """
  path = logdir / FILE
  lines = read_metrics(logdir) if path.exists() else []
  found = []
  for line in lines:
    names = sorted(key for key in line if f'{key}/'.startswith(f'{name}/'))
    if names:
      found.append({**line, 'return': line[names[0]]})
  if not found:
    raise UsageError(
      f'{str(path)!r} holds no return yet; wait for the first episode.'
    )
  clock = clock_of(logdir, lines)
  for line in found:
    line['hours'] = round(clock.hours(line['time']), 4)
  return [{key: line[key] for key in COLUMNS} for line in found]


def split_rows(rows: Sequence[Row]) -> tuple[list[Row], list[Row], list[Row]]:
  """Random episodes, planned episodes of training data, and tests."""
  train = [row for row in rows if row['split'] == 'train']
  random = [row for row in train if row['updates'] == 0]
  planned = [row for row in train if row['updates'] > 0]
  return random, planned, [row for row in rows if row['split'] == 'test']


def write_csv(path: pathlib.Path, rows: Sequence[Row]) -> None:
  """Writes rows with a header."""
  with path.open('w', newline='') as file:
    writer = csv.DictWriter(file, COLUMNS, lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)


def _seconds(timestamp: str) -> float:
  return calendar.timegm(time.strptime(timestamp, '%Y-%m-%dT%H:%M:%SZ'))
