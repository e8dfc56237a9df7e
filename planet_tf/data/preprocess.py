"""Images between bytes and the model: quantisation and dequantisation.

Original: tools/preprocess.py. A byte keeps its leading bits (5 by default,
that is 32 bins); uniform noise as wide as a bin then makes the value
continuous, so that a density over pixels cannot grow without bound.
"""

import tensorflow as tf


def preprocess(
  image: tf.Tensor,
  bits: int = 5,
  *,
  noise: tf.Tensor | float | None = None,
  seed: tf.Tensor | None = None,
) -> tf.Tensor:
  """Makes the model's input out of bytes.

  Args:
    image: uint8 of any shape.
    bits: Leading bits that are kept, 1 to 8.
    noise: Dequantisation noise in [0, 2**-bits), in the image's shape or one
      number for all pixels.
    seed: Instead of noise, an int32 [2] seed to draw it with; `byte_noise`
      says how. With neither, values are the lower ends of their bins.

  Returns:
    float32 in [-0.5, 0.5), in the image's shape.

  Raises:
    ValueError: Both noise and seed are given, or bits are out of range.
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
  """As `preprocess`, without chance: the mean over the noise.

  Args:
    image: uint8 of any shape.
    bits: Leading bits that are kept, 1 to 8.

  Returns:
    float32 in [-0.5, 0.5), the middle of each pixel's bin.
  """
  return preprocess(image, bits, noise=0.5 / 2**bits)


def postprocess(
  image: tf.Tensor, bits: int = 5, dtype: tf.DType = tf.float32
) -> tf.Tensor:
  """Makes a picture out of the model's output.

  Args:
    image: float32 of any shape, about [-0.5, 0.5].
    bits: As in `preprocess`.
    dtype: tf.float32 for the lower ends of the bins, scaled to [0, 1) and not
      clipped; tf.uint8 for bytes, clipped.

  Returns:
    Picture in the image's shape.

  Raises:
    ValueError: Another dtype, or bits out of range.
  """
  check_bits(bits)
  bins = 2**bits
  index = tf.floor(bins * (image + 0.5))
  if dtype == tf.float32:
    return index / bins
  if dtype == tf.uint8:
    byte = tf.clip_by_value(index * (256.0 / bins), 0, 255)
    return tf.cast(byte, tf.uint8)
  raise ValueError(f'dtype={dtype!r} must be tf.float32 or tf.uint8')


def byte_noise(shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Draws uniform noise of 256 levels, the centres of equal parts of [0, 1).

  One drawn integer gives the noise of four pixels, which costs a fraction of
  full resolution. Mean and variance are those of the uniform distribution up
  to a factor of 1 - 2**-16 in the variance.

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
  """Checks a colour depth.

  Raises:
    ValueError: If it is not 1 to 8.
  """
  if not 1 <= bits <= 8:
    raise ValueError(f'bits={bits!r} must be 1 to 8')
