"""Fast convolutions equal TensorFlow's own operations."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.ops import convolution


def _random(*shape):
  return tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)


def _gradients(function, *inputs):
  with tf.GradientTape() as tape:
    tape.watch(inputs)
    outputs = function(*inputs)
    weights = _random(*outputs.shape)
    loss = tf.reduce_sum(outputs * weights)
  return outputs, tape.gradient(loss, inputs)


def _assert_equal(fast, plain):
  for one, two in zip(
    tf.nest.flatten(fast), tf.nest.flatten(plain), strict=True
  ):
    scale = np.abs(two).max()
    np.testing.assert_allclose(one / scale, two / scale, atol=2e-6)


# Layers of conv_ha and an odd size: map size, channels in and out, kernel size.
@pytest.mark.parametrize(
  'width, into, out, size',
  [(64, 3, 32, 4), (14, 64, 128, 4), (6, 128, 256, 4), (9, 3, 5, 3)],
)
def test_convolution_and_its_gradients(width, into, out, size):
  inputs = _random(3, width, width, into), _random(size, size, into, out)
  _assert_equal(
    _gradients(convolution.convolution, *inputs),
    _gradients(lambda x, k: tf.nn.conv2d(x, k, 2, 'VALID'), *inputs),
  )


@pytest.mark.parametrize(
  'width, into, out, size',
  [
    (5, 128, 64, 5),
    (13, 64, 32, 6),
    (30, 32, 3, 6),
    (8, 4, 2, 4),
    (8, 4, 3, 5),
  ],
)
def test_transposed_convolution_and_its_gradients(width, into, out, size):
  inputs = _random(3, width, width, into), _random(size, size, out, into)
  extent = 2 * (width - 1) + size
  _assert_equal(
    _gradients(convolution.transposed_convolution, *inputs),
    _gradients(
      lambda x, k: tf.nn.conv2d_transpose(
        x, k, (3, extent, extent, out), 2, 'VALID'
      ),
      *inputs,
    ),
  )
