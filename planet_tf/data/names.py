"""Names of episode files, which sort in the order of writing."""

import threading
import time
import uuid


class _Clock:
  """Hands out strictly increasing times in nanoseconds."""

  def __init__(self) -> None:
    self._lock = threading.Lock()
    self._last = 0

  def __call__(self) -> int:
    with self._lock:
      self._last = max(time.time_ns(), self._last + 1)
      return self._last


_clock = _Clock()


def unique_name() -> str:
  """Makes a file name such as `20190131T235959-<32 hexadecimal digits>.npz`.

  The time is UTC, since local time is set back in autumn. The names that one
  process makes sort in the order in which it makes them, and no two processes
  make the same (original, without the order: control/wrappers.py).
  """
  seconds, nanoseconds = divmod(_clock(), 10**9)
  stamp = time.strftime('%Y%m%dT%H%M%S', time.gmtime(seconds))
  # Nanoseconds lead the identifier to order it; the rest makes it unique.
  return f'{stamp}-{nanoseconds:08x}{uuid.uuid4().hex[:24]}.npz'
