"""Robust aggregates over tasks and seeds.

Source: Agarwal et al., Deep Reinforcement Learning at the Edge of the
Statistical Precipice, 2021.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

HIGHEST = 1000.0  # Return of an episode in which every reward is 1.


class Aggregate(NamedTuple):
  """An aggregate and its 95% confidence interval."""

  value: float
  low: float
  high: float


def interquartile_mean(scores: np.ndarray) -> float:
  """Mean of the middle half of all scores.

  As in `scipy.stats.trim_mean`, a quarter of the scores, rounded down, is left
  out on each side.
  """
  ordered = np.sort(scores, axis=None)
  cut = len(ordered) // 4
  return float(np.mean(ordered[cut : len(ordered) - cut]))


def stratified_bootstrap(
  scores: Sequence[Sequence[float] | Sequence[Sequence[float]]],
  statistic: Callable[[np.ndarray], float] = interquartile_mean,
  samples: int = 2000,
  seed: int = 0,
) -> Aggregate:
  """An aggregate with its interval: seeds are drawn anew within each task.

  Args:
    scores: Score of each seed in each task. Where one agent has several tasks,
      its scores in all of them instead, so that they are drawn together.
    statistic: Function of all scores.
    samples: Number of bootstrap samples.
    seed: Seed of the draws.

  Returns:
    The statistic of the scores, and percentiles 2.5 and 97.5 of that of the
    samples.
  """
  rng = np.random.default_rng(seed)
  strata = [np.asarray(seeds, float) for seeds in scores]
  drawn = [
    statistic(
      np.concatenate(
        [
          seeds[rng.integers(len(seeds), size=len(seeds))].ravel()
          for seeds in strata
        ]
      )
    )
    for _ in range(samples)
  ]
  low, high = np.percentile(drawn, (2.5, 97.5))
  value = statistic(np.concatenate([seeds.ravel() for seeds in strata]))
  return Aggregate(float(value), float(low), float(high))
