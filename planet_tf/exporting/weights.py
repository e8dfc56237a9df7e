"""Where exported functions take the weights of the model from."""

import contextlib
import math

import keras
import tensorflow as tf

# Kernels of fewer numbers are not worth the rounding.
SMALL = 10_000


class FullWeights(tf.Module):
  """The model's own weights.

  Args:
    model: The model.
  """

  def __init__(self, model: keras.Model) -> None:
    super().__init__()
    # Named, because what is saved does not follow Keras objects.
    self.full = [variable.value for variable in model.variables]

  def in_place(self) -> contextlib.AbstractContextManager:
    """Inside, the model computes with these weights."""
    return contextlib.nullcontext()


class Int8Weights(tf.Module):
  """Large kernels as whole numbers of 8 bits, a quarter of the size.

  Each output of a kernel (its last dimension) has a scale of its own. What is
  computed stays in the model's precision.

  Args:
    model: The model; it keeps its weights.
  """

  def __init__(self, model: keras.Model) -> None:
    super().__init__()
    large = [x for x in model.variables if _is_large(x)]
    self._large = lambda: large  # Hidden from what is saved.
    self.full = [x.value for x in model.variables if not _is_large(x)]
    self.rounded, self.scales = [], []
    for variable in large:
      kernel = tf.convert_to_tensor(variable)
      axes = list(range(kernel.shape.rank - 1))
      largest = tf.reduce_max(tf.abs(kernel), axes)
      scale = tf.maximum(largest, 1e-12) / 127.0
      rounded = tf.cast(tf.round(kernel / scale), tf.int8)
      self.rounded.append(tf.Variable(rounded, trainable=False))
      self.scales.append(tf.Variable(scale, trainable=False))

  def in_place(self) -> contextlib.AbstractContextManager:
    """Inside, the model computes with these weights."""
    kernels = [
      tf.cast(rounded, tf.float32) * scale
      for rounded, scale in zip(self.rounded, self.scales, strict=True)
    ]
    return keras.StatelessScope(list(zip(self._large(), kernels, strict=True)))


def _is_large(variable: keras.Variable) -> bool:
  return len(variable.shape) > 1 and math.prod(variable.shape) >= SMALL
