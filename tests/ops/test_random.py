"""Standard normal noise."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.ops.random import normal

SEED = tf.constant([1, 2])


def test_moments_and_tails():
  values = np.asarray(normal((1000, 1001), SEED)).ravel()
  assert abs(values.mean()) < 4e-3
  assert abs(values.var() - 1) < 6e-3
  assert abs((values**3).mean()) < 0.01
  assert abs((values**4).mean() - 3) < 0.03
  assert abs((np.abs(values) > 2).mean() - 0.0455) < 1e-3
  assert abs((np.abs(values) > 3).mean() - 0.0027) < 3e-4
  # The two values of a pair are independent.
  half = len(values) // 2
  first, second = values[:half], values[half : 2 * half]
  assert abs((first * second).mean()) < 6e-3
  assert abs((first**2 * second**2).mean() - 1) < 0.02


@pytest.mark.parametrize('shape', [(), (1,), (3, 5), (2, 0, 4)])
def test_shapes(shape):
  assert normal(shape, SEED).shape == shape


def test_equal_seeds_give_equal_noise_with_and_without_xla():
  plain = normal((7, 9), SEED)
  np.testing.assert_array_equal(plain, normal((7, 9), SEED))
  assert np.any(plain != normal((7, 9), tf.constant([1, 3])))
  compiled = tf.function(lambda seed: normal((7, 9), seed), jit_compile=True)
  np.testing.assert_allclose(compiled(SEED), plain, atol=2e-6)
