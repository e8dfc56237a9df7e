"""Convolutions of stride 2 that compute in the type of `autocast`."""

import keras
import tensorflow as tf

from planet_tf.ops.convolution import convolution, transposed_convolution
from planet_tf.ops.precision import add_bias, cast


class Conv2D(keras.layers.Conv2D):
  """A convolution without padding; see `constructions.convolution`."""

  def __init__(self, *args: object, **kwargs: object) -> None:
    # Keras would turn the inputs into float32 otherwise.
    super().__init__(*args, autocast=False, **kwargs)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps [B, height, width, in] to [B, height', width', filters]."""
    outputs = convolution(cast(inputs), cast(self.kernel))
    return add_bias(outputs, self.bias, self.activation)


class Conv2DTranspose(keras.layers.Conv2DTranspose):
  """A transposed convolution without padding; see `Conv2D`."""

  def __init__(self, *args: object, **kwargs: object) -> None:
    super().__init__(*args, autocast=False, **kwargs)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps [B, height, width, in] to [B, height', width', filters]."""
    outputs = transposed_convolution(cast(inputs), cast(self.kernel))
    return add_bias(outputs, self.bias, self.activation)


class PointTransposed(keras.layers.Layer):
  """Transposed convolution of a 1 x 1 map, computed as a dense layer.

  On a single pixel a transposed convolution is a matrix product; oneDNN's
  generic kernel takes more than ten times as long for the same numbers.

  Args:
    filters: Output channels.
    kernel_size: Width and height of the kernel and so of the output.
  """

  def __init__(self, filters: int, kernel_size: int, **kwargs: object) -> None:
    super().__init__(autocast=False, **kwargs)
    self.filters = filters
    self.kernel_size = kernel_size
    # Made here, where other layers draw the seed of theirs, too.
    self._initializer = keras.initializers.GlorotUniform()

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the kernel [h, w, out, in], as a transposed convolution's."""
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
    """Maps [B, in] to relu maps [B, kernel_size, kernel_size, filters]."""
    size = self.kernel_size
    kernel = tf.reshape(cast(self.kernel), (-1, self.kernel.shape[-1]))
    outputs = tf.matmul(cast(inputs), kernel, transpose_b=True)
    outputs = tf.reshape(outputs, (-1, size, size, self.filters))
    return add_bias(outputs, self.bias, keras.activations.relu)
