"""Convolutions of stride 2 without padding that are fast on CPUs.

They replace the operations for which oneDNN and Eigen have slow kernels: the
kernel's gradient for small maps, and transposed convolutions to few channels.
The results equal those of TensorFlow's own operations up to rounding;
docs/BENCHMARK.md lists the gain of each.
"""

from collections.abc import Callable

import tensorflow as tf

STRIDE = 2

# Maximum width of maps for which the kernel's gradient is computed as a dilated
# convolution.
SMALL_MAP = 6

Gradient = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def convolution(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """Computes a convolution.

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
  """Computes a transposed convolution, the gradient of `convolution`.

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
def _small_convolution(
  images: tf.Tensor, kernel: tf.Tensor
) -> tuple[tf.Tensor, Gradient]:
  """Computes a convolution to small maps."""
  outputs = tf.nn.conv2d(images, kernel, STRIDE, 'VALID')

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    back = tf.raw_ops.Conv2DBackpropInput(
      input_sizes=tf.shape(images),
      filter=kernel,
      out_backprop=upstream,
      strides=[1, STRIDE, STRIDE, 1],
      padding='VALID',
    )
    return back, _kernel_gradient(images, upstream, kernel.shape[0])

  return outputs, gradient


@tf.custom_gradient
def _small_transposed_convolution(
  maps: tf.Tensor, kernel: tf.Tensor
) -> tuple[tf.Tensor, Gradient]:
  """Computes a transposed convolution from small maps."""

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    back = tf.nn.conv2d(upstream, kernel, STRIDE, 'VALID')
    return back, _kernel_gradient(upstream, maps, kernel.shape[0])

  return _transposed(maps, kernel), gradient


@tf.custom_gradient
def _thin_transposed_convolution(
  maps: tf.Tensor, kernel: tf.Tensor
) -> tuple[tf.Tensor, Gradient]:
  """Computes a transposed convolution to few channels.

  One plain convolution computes all pixels of each 2 x 2 block.
  """

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    back = tf.nn.conv2d(upstream, kernel, STRIDE, 'VALID')
    kernel_gradient = tf.raw_ops.Conv2DBackpropFilter(
      input=upstream,
      filter_sizes=tf.shape(kernel),
      out_backprop=maps,
      strides=[1, STRIDE, STRIDE, 1],
      padding='VALID',
    )
    return back, kernel_gradient

  half = kernel.shape[0] // STRIDE
  out, into = kernel.shape[2:]
  # Output pixel 2 y + p is a sum over kernel rows 2 i + p and inputs y - i.
  phases = tf.reshape(kernel, (half, STRIDE, half, STRIDE, out, into))
  phases = tf.transpose(tf.reverse(phases, [0, 2]), (0, 2, 5, 1, 3, 4))
  phases = tf.reshape(phases, (half, half, into, STRIDE**2 * out))
  edge = [half - 1, half - 1]
  blocks = tf.nn.conv2d(maps, phases, 1, [[0, 0], edge, edge, [0, 0]])
  return tf.nn.depth_to_space(blocks, STRIDE), gradient


def _transposed(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """Computes a transposed convolution with TensorFlow's own operation."""
  height, width = (
    (extent - 1) * STRIDE + kernel.shape[0] for extent in maps.shape[1:3]
  )
  shape = tf.stack([tf.shape(maps)[0], height, width, kernel.shape[2]])
  return tf.nn.conv2d_transpose(maps, kernel, shape, STRIDE, 'VALID')


def _kernel_gradient(
  large: tf.Tensor, small: tf.Tensor, size: int
) -> tf.Tensor:
  """Computes the gradient of a kernel as a dilated convolution.

  It convolves the large maps with the small ones. The axes of batch and
  channels are swapped, and the stride becomes the dilation.

  Args:
    large: Inputs of the strided convolution [B, height, width, in], or their
      gradient.
    small: Outputs of the strided convolution [B, height', width', out], or
      their gradient.
    size: Width and height of the kernel.

  Returns:
    Gradient [size, size, in, out].
  """
  extent = (small.shape[1] - 1) * STRIDE + size
  large = tf.transpose(large[:, :extent, :extent], (3, 1, 2, 0))
  small = tf.transpose(small, (1, 2, 0, 3))
  result = tf.nn.conv2d(large, small, 1, 'VALID', dilations=STRIDE)
  return tf.transpose(result, (1, 2, 0, 3))
