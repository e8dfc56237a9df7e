"""Preprocessing of images: quantization and dequantization noise.

Each byte keeps its leading bits, by default 5, which gives 32 bins. Uniform
noise of one bin width then makes the value continuous, which bounds the
density of a model of the pixels. Original: tools/preprocess.py.
"""

import tensorflow as tf


def preprocess(
  image: tf.Tensor,
  bits: int = 5,
  *,
  noise: tf.Tensor | float | None = None,
  seed: tf.Tensor | None = None,
) -> tf.Tensor:
  """Converts bytes to inputs of the model.

  Args:
    image: uint8 of any shape.
    bits: Number of leading bits to keep, 1 to 8.
    noise: Dequantization noise in [0, 2**-bits), with the shape of the image
      or one number for all pixels.
    seed: int32 [2] seed to draw the noise with `byte_noise`. Without noise and
      seed, each value is the lower edge of its bin.

  Returns:
    float32 in [-0.5, 0.5), with the shape of the image.

  Raises:
    ValueError: Both noise and seed are given, or bits is out of range.
  """
  check_bits(bits)
  if noise is not None and seed is not None:
    raise ValueError('preprocess takes noise or a seed, not both')
  image = tf.convert_to_tensor(image, tf.uint8)
  bins = 2**bits
  if bits < 8:
    image = tf.bitwise.right_shift(image, tf.constant(8 - bits, tf.uint8))
  value = tf.cast(image, tf.float32) / bins
  if seed is not None:
    noise = byte_noise(tf.shape(image), seed) / bins
  if noise is not None:
    value += noise
  return value - 0.5


def bin_centers(image: tf.Tensor, bits: int = 5) -> tf.Tensor:
  """Converts bytes to the centers of their bins, the mean over the noise.

  Args:
    image: uint8 of any shape.
    bits: Number of leading bits to keep, 1 to 8.

  Returns:
    float32 in [-0.5, 0.5), with the shape of the image.
  """
  return preprocess(image, bits, noise=0.5 / 2**bits)


def byte_noise(shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Draws uniform noise of 256 levels, the centers of equal parts of [0, 1).

  Each drawn integer gives the noise of four pixels, which is much cheaper than
  a float per pixel. The mean is that of the uniform distribution, the variance
  is smaller by a factor of 1 - 2**-16.

  Args:
    shape: int32 shape of the result.
    seed: int32 [2].

  Returns:
    float32 (byte + 0.5) / 256.
  """
  size = tf.reduce_prod(shape)
  words = tf.random.stateless_uniform(
    [(size + 3) // 4],
    seed,
    minval=None,
    maxval=None,
    dtype=tf.uint32,
    alg='philox',
  )
  levels = tf.reshape(tf.bitcast(words, tf.uint8), [-1])[:size]
  return (tf.cast(tf.reshape(levels, shape), tf.float32) + 0.5) / 256


def check_bits(bits: int) -> None:
  """Checks a color depth.

  Raises:
    ValueError: It is not 1 to 8.
  """
  if not 1 <= bits <= 8:
    raise ValueError(f'bits={bits!r} must be 1 to 8')
