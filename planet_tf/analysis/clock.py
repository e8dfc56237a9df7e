"""Working time of a run, without the pauses between its sessions."""

import calendar
import time
from collections.abc import Mapping, Sequence
from typing import Any

_FORMAT = '%Y-%m-%dT%H:%M:%SZ'


class Clock:
  """Converts times to hours of work.

  A run that is interrupted and resumed pauses from its last record to the
  start of the next session.

  Args:
    starts: Start of each session, in seconds since 1970. If there is none, the
      run starts with its first record.
    records: Time of each record, in seconds since 1970.
  """

  def __init__(self, starts: Sequence[float], records: Sequence[float]) -> None:
    starts = sorted(starts) or [min(records, default=0.0)]
    self._start = starts[0]
    self._pauses = []  # End and length of each in seconds.
    for start in starts[1:]:
      last = max((x for x in records if x < start), default=self._start)
      self._pauses.append((start, start - last))

  def hours(self, when: float) -> float:
    """Returns the hours of work before a time in seconds since 1970."""
    paused = sum(length for end, length in self._pauses if end <= when)
    return (when - self._start - paused) / 3600


def make_clock(
  sessions: Sequence[Mapping[str, Any]], records: Sequence[Mapping[str, Any]]
) -> Clock:
  """Returns the clock of a run with these sessions and records."""
  starts = [
    calendar.timegm(time.strptime(session['started'], _FORMAT))
    for session in sessions
    if 'started' in session
  ]
  return Clock(starts, [record['time'] for record in records])
