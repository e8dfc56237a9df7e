"""Distributions equal closed forms."""

import numpy as np
import tensorflow as tf

from planet_tf import distributions


def _state(mean, stddev):
  return {
    'mean': tf.constant(mean, tf.float32),
    'stddev': tf.constant(stddev, tf.float32),
  }


def test_divergence_equals_the_closed_form():
  posterior = _state([[1.0, 0.0]], [[1.0, 2.0]])
  prior = _state([[0.0, 0.0]], [[1.0, 1.0]])
  # Per dimension: log(s2 / s1) + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1/2.
  expected = 0.5 + (np.log(0.5) + 2.0 - 0.5)
  actual = distributions.divergence(posterior, prior)
  np.testing.assert_allclose(actual, [expected], rtol=1e-6)
  same = distributions.divergence(posterior, posterior)
  np.testing.assert_allclose(same, [0.0], atol=1e-7)


def test_entropy_equals_the_closed_form():
  actual = distributions.entropy(_state([[5.0, 0.0]], [[1.0, 3.0]]))
  expected = np.log(2 * np.pi * np.e) + np.log(3.0)
  np.testing.assert_allclose(actual, [expected], rtol=1e-6)


def test_log_prob_sums_over_the_event():
  mean, value = tf.zeros((2, 3, 4)), 2.0 * tf.ones((2, 3, 4))
  actual = distributions.log_prob(mean, value, 2)
  expected = 12 * (-2.0 - 0.5 * np.log(2 * np.pi))
  np.testing.assert_allclose(actual, [expected] * 2, rtol=1e-6)


def test_global_divergence_is_relative_to_a_standard_normal():
  state = _state([[1.0, 0.0]], [[1.0, 2.0]])
  standard = _state([[0.0, 0.0]], [[1.0, 1.0]])
  np.testing.assert_allclose(
    distributions.global_divergence(state),
    distributions.divergence(state, standard),
  )


def test_masked_divergence_is_zero_without_gradients():
  posterior = _state([[1.0], [1.0]], [[2.0], [0.0]])
  prior = _state([[0.0], [0.0]], [[1.0], [0.0]])
  mask = tf.constant([True, False])
  with tf.GradientTape() as tape:
    tape.watch(posterior)
    divergence = distributions.divergence(posterior, prior, mask)
  first = {name: value[:1] for name, value in posterior.items()}
  expected = distributions.divergence(
    first, {name: value[:1] for name, value in prior.items()}
  )
  np.testing.assert_allclose(divergence, [float(expected[0]), 0.0])
  for gradient in tape.gradient(divergence, posterior).values():
    assert np.all(np.isfinite(gradient))
    assert np.all(np.asarray(gradient)[1] == 0)
