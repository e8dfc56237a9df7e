"""Robust aggregates over tasks and seeds.

Source: Agarwal et al., Deep Reinforcement Learning at the Edge of the
Statistical Precipice, 2021.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

MAX_RETURN = 1000.0  # Return of an episode in which every reward is 1.

# `statistic(scores, axis)` reduces an axis; None reduces all.
Statistic = Callable[[np.ndarray, int | None], np.ndarray]


class Aggregate(NamedTuple):
  """An aggregate and its 95% confidence interval."""

  value: float
  low: float
  high: float


def interquartile_mean(
  scores: np.ndarray, axis: int | None = None
) -> np.ndarray:
  """Returns the mean of the middle half of the scores along an axis.

  A quarter of the scores, rounded down, is cut off on each side.
  """
  return stats.trim_mean(scores, 0.25, axis=axis)


def stratified_bootstrap(
  scores: Sequence[Sequence[float] | Sequence[Sequence[float]]],
  statistic: Statistic = interquartile_mean,
  samples: int = 2000,
  seed: int = 0,
) -> Aggregate:
  """Returns an aggregate with its interval; seeds are resampled within tasks.

  Args:
    scores: Score of each seed in each task. If one agent learns several tasks,
      a list of its scores instead, which are resampled together.
    statistic: Function that reduces the scores.
    samples: Number of bootstrap samples.
    seed: Seed of the resampling.

  Returns:
    The statistic of the scores, and percentiles 2.5 and 97.5 of the samples.
  """
  strata = [np.asarray(x, float).reshape(len(x), -1) for x in scores]
  value = float(statistic(np.concatenate([x.ravel() for x in strata]), None))
  # scipy does not resample a single seed, which is always the same.
  varied = [x for x in strata if len(x) > 1]
  fixed = [x for x in strata if len(x) == 1]
  if not varied:
    return Aggregate(value, value, value)

  def resampled(*indices: np.ndarray, axis: int) -> np.ndarray:
    """Statistic for indices of seeds [..., seeds] of each stratum."""
    del axis  # The last one.
    batch = indices[0].shape[:-1]
    parts = [x[i] for x, i in zip(varied, indices, strict=True)]
    parts += [np.broadcast_to(x, (*batch, *x.shape)) for x in fixed]
    flat = [x.reshape(*batch, -1) for x in parts]
    return statistic(np.concatenate(flat, -1), -1)

  interval = stats.bootstrap(
    [np.arange(len(x)) for x in varied],
    resampled,
    n_resamples=samples,
    method='percentile',
    vectorized=True,
    axis=-1,
    rng=np.random.default_rng(seed),
  ).confidence_interval
  return Aggregate(value, float(interval.low), float(interval.high))
