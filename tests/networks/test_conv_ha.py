"""Encoder, decoder and reward head equal the original's numbers."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf import distributions
from planet_tf.networks import Encoder


def test_encoder_equals_the_original(golden, golden_model, relative_error):
  data = golden.load('networks.npz')
  embedding = golden_model().encoder(tf.constant(data['image']))
  assert relative_error(embedding, data['embedding']) < 1e-5


def test_heads_equal_the_original(golden, golden_model, relative_error):
  data = golden.load('networks.npz')
  heads = golden_model().heads
  features = tf.constant(data['features'])
  image, reward = heads['image'](features), heads['reward'](features)
  assert relative_error(image, data['image_mean']) < 1e-5
  assert relative_error(reward, data['reward_mean']) < 1e-5
  log_prob = distributions.log_prob
  actual = log_prob(image, data['image'], 3)
  assert relative_error(actual, data['image_log_prob']) < 1e-5
  actual = log_prob(reward, data['reward'], 0)
  assert relative_error(actual, data['reward_log_prob']) < 1e-5


def test_first_transposed_layer_equals_a_transposed_convolution(golden_model):
  layer = golden_model().heads['image'].transposed[0]
  inputs = np.random.default_rng(0).normal(size=(3, 1024)).astype(np.float32)
  expected = tf.nn.conv2d_transpose(
    inputs[:, None, None], layer.kernel, (3, 5, 5, 128), 2, 'VALID'
  )
  expected = tf.nn.relu(expected + layer.bias)
  np.testing.assert_allclose(layer(inputs), expected, rtol=1e-4, atol=1e-5)


def test_other_image_size_is_an_error():
  with pytest.raises(ValueError, match=r'\(64, 64, 3\), got \(32, 32, 3\)'):
    Encoder()(tf.zeros((1, 32, 32, 3)))
