"""Smoothing of noisy curves."""

import statistics
from collections.abc import Sequence

WINDOW = 10  # Training episodes in a running median.


def running_median(
  values: Sequence[float], window: int = WINDOW
) -> list[float]:
  """Returns the median of each value and up to `window - 1` previous ones."""
  return [
    statistics.median(values[max(0, end - window) : end])
    for end in range(1, len(values) + 1)
  ]
