"""Tests of the robust aggregates."""

import numpy as np
import pytest

from planet_tf.analysis import interquartile_mean, stratified_bootstrap

# Scores of 6 tasks x 5 seeds, and the results of rliable 1.2.0 for them:
# get_interval_estimates with aggregate_iqm, aggregate_mean and reps=50000.
RLIABLE_SCORES = [
  [0.733, 0.906, 0.418, 0.807, 0.567],
  [0.621, 0.827, 0.657, 0.851, 0.909],
  [0.541, 0.430, 0.689, 0.851, 0.768],
  [0.704, 0.664, 0.562, 0.520, 0.752],
  [0.873, 0.914, 0.883, 0.598, 0.717],
  [0.480, 0.402, 0.398, 0.695, 0.800],
]
RLIABLE_IQM = (0.6975625, 0.62899844, 0.761375)
RLIABLE_MEAN = (0.68456667, 0.63446667, 0.73356667)


def test_interquartile_mean_cuts_a_quarter_on_each_side():
  rng = np.random.default_rng(0)
  for size in (1, 3, 4, 10, 30):
    scores = rng.normal(size=size)
    cut = size // 4
    expected = np.mean(np.sort(scores)[cut : size - cut])
    assert interquartile_mean(scores) == pytest.approx(expected, abs=1e-15)
  scores = rng.normal(size=(3, 7))
  for row, found in zip(scores, interquartile_mean(scores, -1), strict=True):
    assert interquartile_mean(row) == found


def _resample(scores, samples):
  """IQM of samples that are resampled one by one, without scipy."""
  rng = np.random.default_rng(0)
  strata = [np.asarray(seeds) for seeds in scores]
  drawn = [
    [x[rng.integers(len(x), size=len(x))] for x in strata]
    for _ in range(samples)
  ]
  return [float(interquartile_mean(np.concatenate(x).ravel())) for x in drawn]


@pytest.mark.parametrize(
  'statistic, expected',
  [(interquartile_mean, RLIABLE_IQM), (np.mean, RLIABLE_MEAN)],
)
def test_aggregates_and_intervals_are_those_of_rliable(statistic, expected):
  found = stratified_bootstrap(RLIABLE_SCORES, statistic, samples=20000)
  assert found.value == pytest.approx(expected[0], abs=1e-7)
  # The bounds have Monte Carlo errors, there and here.
  assert found[1:] == pytest.approx(expected[1:], abs=0.002)


def test_tasks_of_one_agent_are_resampled_together():
  joint = np.reshape(RLIABLE_SCORES, (2, 5, 3))
  found = stratified_bootstrap(joint, samples=10000)
  expected = np.percentile(_resample(joint, 5000), (2.5, 97.5))
  assert found[1:] == pytest.approx(expected, abs=0.004)
  # Two agents, which differ as much as their tasks do.
  opposite = stratified_bootstrap([[[0.1, 0.9], [0.9, 0.1]]], np.mean)
  assert opposite == pytest.approx((0.5, 0.5, 0.5))


def test_resampling_stays_within_strata():
  # The seeds of a task are equal, so that nothing can vary.
  fixed = stratified_bootstrap([[0.1, 0.1], [0.9, 0.9]], np.mean)
  assert fixed == pytest.approx((0.5, 0.5, 0.5))
  rng = np.random.default_rng(1)
  scores = [rng.normal(size=40), rng.normal(5.0, size=40)]
  aggregate = stratified_bootstrap(scores, np.mean)
  # Of the mean of two strata of 40 with unit variance.
  error = 1 / np.sqrt(80)
  assert aggregate.high - aggregate.low == pytest.approx(
    2 * 1.96 * error, rel=0.25
  )


def test_a_single_seed_is_not_resampled():
  assert stratified_bootstrap([[0.3], [0.5]], np.mean) == (0.4, 0.4, 0.4)
  mixed = stratified_bootstrap([[0.5], [0.0, 1.0]], np.mean)
  assert mixed == pytest.approx((0.5, 0.5 / 3, 2.5 / 3))
