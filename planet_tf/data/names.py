"""File names of episodes. They sort in the order of writing."""

import threading
import time
import uuid


class _Clock:
  """Returns strictly increasing times in nanoseconds."""

  def __init__(self) -> None:
    self._lock = threading.Lock()
    self._last = 0

  def __call__(self) -> int:
    with self._lock:
      self._last = max(time.time_ns(), self._last + 1)
      return self._last


_clock = _Clock()


def unique_name() -> str:
  """Returns a name like `20190131T235959-<32 hexadecimal digits>.npz`.

  The time is UTC, because local time is set back in autumn. Names made by one
  process sort in the order of the calls, and no two processes make the same
  name. The names of the original (control/wrappers.py) have the same form but
  no order within a second.
  """
  seconds, nanoseconds = divmod(_clock(), 10**9)
  stamp = time.strftime('%Y%m%dT%H%M%S', time.gmtime(seconds))
  # The nanoseconds order the identifier; the random rest makes it unique.
  return f'{stamp}-{nanoseconds:08x}{uuid.uuid4().hex[:24]}.npz'
