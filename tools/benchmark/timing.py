"""Times calls: the first one separately, then the median of repeats."""

import dataclasses
import math
import statistics
import time
from collections.abc import Callable

# Short calls are repeated for this time, so that clock noise does not matter.
SECONDS_PER_REPEAT = 0.25


@dataclasses.dataclass(frozen=True)
class Timing:
  """Wall time of one call, in seconds.

  Attributes:
    first_seconds: The first call: tracing, compiling, allocating.
    median_seconds: Median of the repeats.
    minimum_seconds: Fastest repeat.
    maximum_seconds: Slowest repeat.
    repeats: Number of repeats.
    calls_per_repeat: Calls in a repeat; its time is their mean.
  """

  first_seconds: float
  median_seconds: float
  minimum_seconds: float
  maximum_seconds: float
  repeats: int
  calls_per_repeat: int


def measure(function: Callable[[], object], repeats: int) -> Timing:
  """Times a first call, a warm-up call, then the repeats.

  Args:
    function: Does the work and waits for the result.
    repeats: Number of repeats, at least 1.

  Returns:
    The timing.
  """
  first = _seconds(function, 1)
  warm_up = _seconds(function, 1)
  calls = max(1, math.ceil(SECONDS_PER_REPEAT / max(warm_up, 1e-6)))
  seconds = [_seconds(function, calls) for _ in range(repeats)]
  return Timing(
    first_seconds=first,
    median_seconds=statistics.median(seconds),
    minimum_seconds=min(seconds),
    maximum_seconds=max(seconds),
    repeats=repeats,
    calls_per_repeat=calls,
  )


def _seconds(function: Callable[[], object], calls: int) -> float:
  """Returns the mean seconds of a call."""
  start = time.perf_counter()
  for _ in range(calls):
    function()
  return (time.perf_counter() - start) / calls
