"""Convolutions that can compute in bfloat16 without harming gradients."""

import keras
import tensorflow as tf


class _ComputeType:
  """Adds the type of the product to a convolution of Keras.

  Weights, bias, activation and so the bias gradient stay float32: TensorFlow
  accumulates the bias gradients of bfloat16 layers in bfloat16, where sums
  over many pixels come out many times too small.

  Args:
    *arguments: Of the layer of Keras: output channels and kernel size.
    compute: Type of the product, `float32` or `bfloat16`.
    **kwargs: Of the layer of Keras.
  """

  def __init__(
    self, *arguments: int, compute: str = 'float32', **kwargs: object
  ) -> None:
    super().__init__(*arguments, **kwargs)
    self.compute = compute


class Conv2D(_ComputeType, keras.layers.Conv2D):
  """A convolution without padding whose product may run in bfloat16."""

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps [B, height, width, in] to [B, height', width', filters]."""
    inputs = tf.cast(inputs, self.compute)
    kernel = tf.cast(self.kernel, self.compute)
    outputs = tf.nn.conv2d(inputs, kernel, self.strides, 'VALID')
    return self.activation(tf.cast(outputs, tf.float32) + self.bias)


class Conv2DTranspose(_ComputeType, keras.layers.Conv2DTranspose):
  """A transposed convolution without padding; see `Conv2D`."""

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps [B, height, width, in] to [B, height', width', filters]."""
    batch = tf.shape(inputs)[0]
    shape = self.compute_output_shape(inputs.shape)[1:]
    outputs = tf.nn.conv2d_transpose(
      tf.cast(inputs, self.compute),
      tf.cast(self.kernel, self.compute),
      tf.stack([batch, *shape]),
      self.strides,
      'VALID',
    )
    return self.activation(tf.cast(outputs, tf.float32) + self.bias)


class PointTransposed(keras.layers.Layer):
  """Transposed convolution of a 1 x 1 map, computed as a dense layer.

  On a single pixel a transposed convolution is a matrix product; oneDNN's
  generic kernel takes more than ten times as long for the same numbers.

  Args:
    filters: Output channels.
    kernel_size: Width and height of the kernel and so of the output.
    compute: Type of the product, `float32` or `bfloat16`.
  """

  def __init__(
    self,
    filters: int,
    kernel_size: int,
    *,
    compute: str = 'float32',
    **kwargs: object,
  ) -> None:
    super().__init__(**kwargs)
    self.filters = filters
    self.kernel_size = kernel_size
    self.compute = compute
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
    kernel = tf.reshape(self.kernel, (-1, self.kernel.shape[-1]))
    outputs = tf.matmul(
      tf.cast(inputs, self.compute),
      tf.cast(kernel, self.compute),
      transpose_b=True,
    )
    outputs = tf.reshape(outputs, (-1, size, size, self.filters))
    return tf.nn.relu(tf.cast(outputs, tf.float32) + self.bias)
