"""Weights of exported functions: the model's own, or rounded to 8 bits."""

import contextlib
import math
from typing import Protocol

import keras
import tensorflow as tf

# Smaller kernels keep full precision, as rounding them saves little.
MIN_ROUNDED_SIZE = 10_000


class Weights(Protocol):
  """Weights of the functions of an agent."""

  def in_place(self) -> contextlib.AbstractContextManager:
    """Returns a context in which the model computes with these weights."""


class FullWeights(tf.Module):
  """The model's own weights.

  Args:
    model: The model.
  """

  def __init__(self, model: keras.Model) -> None:
    super().__init__()
    # Listed, because saving does not find the variables of Keras objects.
    self.full = [variable.value for variable in model.variables]

  def in_place(self) -> contextlib.AbstractContextManager:
    """Returns a context in which the model computes with these weights."""
    return contextlib.nullcontext()


class Int8Weights(tf.Module):
  """Large kernels rounded to 8-bit integers, a quarter of the size.

  Each output channel of a kernel (its last dimension) has its own scale. The
  functions compute in the model's precision.

  Args:
    model: The model; its weights do not change.
  """

  def __init__(self, model: keras.Model) -> None:
    super().__init__()
    large = [x for x in model.variables if _is_large(x)]
    self._large = lambda: large  # Hides the variables from saving.
    self.full = [x.value for x in model.variables if not _is_large(x)]
    self.rounded: list[tf.Variable] = []
    self.scales: list[tf.Variable] = []
    for variable in large:
      kernel = tf.convert_to_tensor(variable)
      axes = list(range(kernel.shape.rank - 1))
      largest = tf.reduce_max(tf.abs(kernel), axes)
      scale = tf.maximum(largest, 1e-12) / 127.0
      rounded = tf.cast(tf.round(kernel / scale), tf.int8)
      self.rounded.append(tf.Variable(rounded, trainable=False))
      self.scales.append(tf.Variable(scale, trainable=False))

  def in_place(self) -> contextlib.AbstractContextManager:
    """Returns a context in which the model computes with these weights."""
    kernels = [
      tf.cast(rounded, tf.float32) * scale
      for rounded, scale in zip(self.rounded, self.scales, strict=True)
    ]
    return keras.StatelessScope(list(zip(self._large(), kernels, strict=True)))


def _is_large(variable: keras.Variable) -> bool:
  return (
    len(variable.shape) > 1 and math.prod(variable.shape) >= MIN_ROUNDED_SIZE
  )
