"""Strided convolutions, constructed so that CPUs compute them fast.

All are without padding and have stride 2. They give the same numbers as
TensorFlow's own operations up to rounding; docs/BENCHMARK.md says what each
gains.
"""

import tensorflow as tf

STRIDE = 2

# Width of maps up to which the filter's gradient is a dilated convolution.
SMALL_MAP = 6


def convolution(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """Convolution.

  Args:
    images: Maps [B, height, width, in].
    kernel: Kernel [size, size, in, out].

  Returns:
    Maps [B, height', width', out].
  """
  size, width = kernel.shape[0], images.shape[2]
  if (width - size) // STRIDE + 1 > SMALL_MAP:
    return tf.nn.conv2d(images, kernel, STRIDE, 'VALID')
  return _small_convolution(images, kernel)


def transposed_convolution(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """Transposed convolution, the gradient of `convolution`.

  Args:
    maps: Maps [B, height, width, in].
    kernel: Kernel [size, size, out, in].

  Returns:
    Maps [B, height', width', out].
  """
  if maps.shape[2] <= SMALL_MAP:
    return _small_transposed_convolution(maps, kernel)
  if kernel.shape[2] <= 3 and kernel.shape[0] % STRIDE == 0:
    return _thin_transposed_convolution(maps, kernel)
  return _transposed(maps, kernel)


@tf.custom_gradient
def _small_convolution(images: tf.Tensor, kernel: tf.Tensor) -> tuple:
  """To small maps: the filter's gradient is a dilated convolution."""
  outputs = tf.nn.conv2d(images, kernel, STRIDE, 'VALID')

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    back = tf.raw_ops.Conv2DBackpropInput(
      input_sizes=tf.shape(images),
      filter=kernel,
      out_backprop=upstream,
      strides=[1, STRIDE, STRIDE, 1],
      padding='VALID',
    )
    return back, _filter_gradient(images, upstream, kernel.shape[0])

  return outputs, gradient


@tf.custom_gradient
def _small_transposed_convolution(maps: tf.Tensor, kernel: tf.Tensor) -> tuple:
  """From small maps: the filter's gradient is a dilated convolution."""

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    back = tf.nn.conv2d(upstream, kernel, STRIDE, 'VALID')
    return back, _filter_gradient(upstream, maps, kernel.shape[0])

  return _transposed(maps, kernel), gradient


@tf.custom_gradient
def _thin_transposed_convolution(maps: tf.Tensor, kernel: tf.Tensor) -> tuple:
  """To few channels: a plain convolution computes each 2 x 2 block at once."""

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    back = tf.nn.conv2d(upstream, kernel, STRIDE, 'VALID')
    of_kernel = tf.raw_ops.Conv2DBackpropFilter(
      input=upstream,
      filter_sizes=tf.shape(kernel),
      out_backprop=maps,
      strides=[1, STRIDE, STRIDE, 1],
      padding='VALID',
    )
    return back, of_kernel

  half = kernel.shape[0] // STRIDE
  out, into = kernel.shape[2:]
  # Output pixel 2 y + p takes kernel row 2 i + p of input pixel y - i.
  phases = tf.reshape(kernel, (half, STRIDE, half, STRIDE, out, into))
  phases = tf.transpose(tf.reverse(phases, [0, 2]), (0, 2, 5, 1, 3, 4))
  phases = tf.reshape(phases, (half, half, into, STRIDE**2 * out))
  edge = [half - 1, half - 1]
  blocks = tf.nn.conv2d(maps, phases, 1, [[0, 0], edge, edge, [0, 0]])
  return tf.nn.depth_to_space(blocks, STRIDE), gradient


def _transposed(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  height, width = (
    (extent - 1) * STRIDE + kernel.shape[0] for extent in maps.shape[1:3]
  )
  shape = tf.stack([tf.shape(maps)[0], height, width, kernel.shape[2]])
  return tf.nn.conv2d_transpose(maps, kernel, shape, STRIDE, 'VALID')


def _filter_gradient(
  large: tf.Tensor, small: tf.Tensor, size: int
) -> tf.Tensor:
  """Gradient of a kernel [size, size, in, out].

  It is a convolution of the large maps by the small ones in which batch and
  channels have changed places, and the stride has become a dilation.

  Args:
    large: Maps [B, height, width, in] on the side that is strided over.
    small: Maps [B, height', width', out] on the other side.
    size: Width and height of the kernel.
  """
  extent = (small.shape[1] - 1) * STRIDE + size
  large = tf.transpose(large[:, :extent, :extent], (3, 1, 2, 0))
  small = tf.transpose(small, (1, 2, 0, 3))
  result = tf.nn.conv2d(large, small, 1, 'VALID', dilations=STRIDE)
  return tf.transpose(result, (1, 2, 0, 3))
