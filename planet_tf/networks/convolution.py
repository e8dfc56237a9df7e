"""Convolutions of stride 2 that compute in the type of `autocast`.

Keras' layers hold the weights, and `planet_tf.ops.convolution` computes the
outputs: some of TensorFlow's own convolutions are slow on CPUs.
"""

from typing import Any

import keras
import tensorflow as tf

from planet_tf.ops.convolution import (
  STRIDE,
  convolution,
  transposed_convolution,
)
from planet_tf.ops.precision import add_bias, cast

# Arguments of the layers below in the configuration of Keras' layers.
_CONFIG = ('name', 'trainable', 'dtype', 'filters', 'kernel_size', 'activation')


@keras.saving.register_keras_serializable(package='planet_tf')
class StridedConv2D(keras.layers.Conv2D):
  """Convolution of stride 2 without padding.

  Args:
    filters: Output channels.
    kernel_size: Width and height of the kernel.
    activation: Name of the activation; linear by default.
  """

  def __init__(
    self,
    filters: int,
    kernel_size: int,
    activation: str | None = None,
    **kwargs: object,
  ) -> None:
    # By default, Keras would cast the inputs to float32.
    super().__init__(
      filters,
      kernel_size,
      strides=STRIDE,
      activation=activation,
      autocast=False,
      **kwargs,
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return _select(super().get_config())

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps [B, height, width, in] to [B, height', width', filters]."""
    outputs = convolution(cast(inputs), cast(self.kernel))
    return add_bias(outputs, self.bias, self.activation)


@keras.saving.register_keras_serializable(package='planet_tf')
class StridedConv2DTranspose(keras.layers.Conv2DTranspose):
  """Transposed convolution of stride 2 without padding.

  Args:
    filters: Output channels.
    kernel_size: Width and height of the kernel.
    activation: Name of the activation; linear by default.
  """

  def __init__(
    self,
    filters: int,
    kernel_size: int,
    activation: str | None = None,
    **kwargs: object,
  ) -> None:
    super().__init__(
      filters,
      kernel_size,
      strides=STRIDE,
      activation=activation,
      autocast=False,
      **kwargs,
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return _select(super().get_config())

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps [B, height, width, in] to [B, height', width', filters]."""
    outputs = transposed_convolution(cast(inputs), cast(self.kernel))
    return add_bias(outputs, self.bias, self.activation)


@keras.saving.register_keras_serializable(package='planet_tf')
class PointConv2DTranspose(keras.layers.Layer):
  """Transposed convolution of a 1 x 1 map with a ReLU, as a matrix product.

  oneDNN's kernel for transposed convolutions takes more than ten times as long
  for the same numbers.

  Args:
    filters: Output channels.
    kernel_size: Width and height of the kernel and of the output.
  """

  def __init__(self, filters: int, kernel_size: int, **kwargs: object) -> None:
    super().__init__(autocast=False, **kwargs)
    self.filters = filters
    self.kernel_size = kernel_size
    # Initializers draw a seed, so the place decides the weights of all layers.
    self._initializer = keras.initializers.GlorotUniform()

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'filters': self.filters,
      'kernel_size': self.kernel_size,
    }

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for inputs [B, in]; kernel [h, w, out, in]."""
    size = self.kernel_size
    self.kernel = self.add_weight(
      shape=(size, size, self.filters, input_shape[-1]),
      initializer=self._initializer,
      name='kernel',
    )
    self.bias = self.add_weight(
      shape=(self.filters,), initializer='zeros', name='bias'
    )

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps [B, in] to [B, kernel_size, kernel_size, filters]."""
    size = self.kernel_size
    kernel = tf.reshape(cast(self.kernel), (-1, self.kernel.shape[-1]))
    outputs = tf.matmul(cast(inputs), kernel, transpose_b=True)
    outputs = tf.reshape(outputs, (-1, size, size, self.filters))
    return add_bias(outputs, self.bias, keras.activations.relu)


def _select(config: dict[str, Any]) -> dict[str, Any]:
  return {key: config[key] for key in _CONFIG}
