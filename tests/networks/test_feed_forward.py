"""Likelihoods of the feed-forward head equal closed forms."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from planet_tf.networks import FeedForward

FEATURES = tf.constant(
  np.random.default_rng(0).normal(size=(3, 4, 6)), 'float32'
)


def _head(size=None, **options):
  keras.utils.set_random_seed(0)
  head = FeedForward(size, num_layers=1, units=5, **options)
  head.build((None, 6))
  return head


def _normal(value, mean, stddev):
  return -0.5 * ((value - mean) / stddev) ** 2 - np.log(
    stddev * np.sqrt(2 * np.pi)
  )


def _stddev(head):
  hidden = head.hidden[0](FEATURES)
  raw = np.asarray(head.raw_stddev(hidden))
  return np.log1p(np.exp(raw + 0.55)) + 0.01


def test_normal_of_a_scalar_and_a_vector():
  head = _head()
  assert head(FEATURES).shape == (3, 4)
  expected = _normal(0.3, np.asarray(head(FEATURES)), 1.0)
  actual = head.log_prob(FEATURES, tf.fill((3, 4), 0.3))
  np.testing.assert_allclose(actual, expected, rtol=1e-5)
  head = _head(2, stddev=0.5)
  assert head(FEATURES).shape == (3, 4, 2)
  expected = _normal(0.3, np.asarray(head(FEATURES)), 0.5).sum(-1)
  actual = head.log_prob(FEATURES, tf.fill((3, 4, 2), 0.3))
  np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_learned_stddev():
  head = _head(2, stddev='learned')
  expected = _normal(0.3, np.asarray(head(FEATURES)), _stddev(head)).sum(-1)
  actual = head.log_prob(FEATURES, tf.fill((3, 4, 2), 0.3))
  np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_tanh_normal():
  head = _head(likelihood='tanh_normal')
  mean = np.arctanh(np.asarray(head(FEATURES)))
  value = 0.3
  expected = _normal(np.arctanh(value), mean, 1.0) - np.log(1 - value**2)
  actual = head.log_prob(FEATURES, tf.fill((3, 4), value))
  np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_truncated_normal():
  head = _head(likelihood='truncated_normal', low=-0.1, high=0.1)
  assert np.max(np.abs(head(FEATURES))) <= 0.1
  values = np.linspace(-0.1, 0.1, 2001)
  log_prob = head.log_prob(FEATURES[:1, :1], tf.constant(values, tf.float32))
  density = np.exp(np.asarray(log_prob)).reshape(-1)
  assert np.trapezoid(density, values) == pytest.approx(1.0, rel=1e-3)
  outside = head.log_prob(FEATURES[:1, :1], tf.constant([[0.2]]))
  assert np.all(np.isneginf(outside))


def test_deterministic():
  head = _head(likelihood='deterministic')
  value = head(FEATURES)
  assert np.all(np.asarray(head.log_prob(FEATURES, value)) == 0)
  assert np.all(np.isneginf(head.log_prob(FEATURES, value + 1)))


@pytest.mark.parametrize(
  'name, value', [('likelihood', 'cauchy'), ('stddev', 0.0), ('stddev', -1.0)]
)
def test_invalid_settings_are_errors(name, value):
  with pytest.raises(ValueError, match=f'{name} must be .* got .*{value}'):
    _head(**{name: value})
