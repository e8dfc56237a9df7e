"""The purely deterministic model."""

import numpy as np
import tensorflow as tf

from planet_tf import distributions
from planet_tf.models import RNN


def test_divergence_is_half_the_squared_distance():
  cell = RNN(3, 4)
  cell.build((None, 2), (None, 5))
  state = {name: tf.random.normal((2, 3)) for name in cell.state_sizes}
  noise = tf.zeros((2, 2, 3))
  prior, posterior = cell(state, tf.ones((2, 2)), tf.ones((2, 5)), noise)
  distance = np.sum(np.square(posterior['mean'] - prior['mean']), -1)
  divergence = distributions.divergence(posterior, prior)
  np.testing.assert_allclose(divergence, distance / 2, rtol=1e-5)
  assert np.all(distance > 0)
