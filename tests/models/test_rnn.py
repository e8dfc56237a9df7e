"""Divergence of the purely deterministic model."""

import keras
import numpy as np
import tensorflow as tf

from planet_tf import distributions
from planet_tf.models import RNN


def test_divergence_is_half_of_the_squared_distance():
  keras.utils.set_random_seed(0)
  cell = RNN(3, 4)
  cell.build((None, 2), (None, 5))
  state = {name: tf.ones((2, 3)) for name in cell.state_sizes}
  noise = tf.zeros((2, 2, 3))
  prior, posterior = cell(state, tf.ones((2, 2)), tf.ones((2, 5)), noise)
  distance = np.sum(np.square(posterior['mean'] - prior['mean']), -1)
  divergence = distributions.divergence(posterior, prior)
  np.testing.assert_allclose(divergence, distance / 2, rtol=1e-5)
  assert np.all(distance > 0)
