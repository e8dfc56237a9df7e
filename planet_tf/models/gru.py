"""The gated recurrent unit of the original's GRUBlockCell."""

import keras
import tensorflow as tf

from planet_tf.ops.precision import add_bias, concat, matmul

Pair = tuple[tf.Tensor, tf.Tensor]


class GRU(keras.layers.Layer):
  """One step of a gated recurrent unit.

      [r, u] = sigmoid([x, h] W_ru + b_ru)
      c = tanh([x, r * h] W_c + b_c)
      h' = u * h + (1 - u) * c

  Keras' own GRU with `reset_after=False` computes the same up to the order of
  its gates, but initialises differently: here both kernels are drawn by
  glorot_uniform over the joint matrices and b_ru starts at 1, as in the
  original, so that gates start out open.

  Args:
    units: Size of the recurrent state, D.
  """

  def __init__(self, units: int, **kwargs: object) -> None:
    super().__init__(autocast=False, **kwargs)
    self.units = units
    # Made here, where other layers draw the seeds of theirs, too.
    self._kernels = [keras.initializers.GlorotUniform() for _ in range(2)]

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for inputs [B, X]."""
    joint = input_shape[-1] + self.units
    self.w_ru = self.add_weight(
      shape=(joint, 2 * self.units), initializer=self._kernels[0], name='w_ru'
    )
    self.b_ru = self.add_weight(
      shape=(2 * self.units,), initializer='ones', name='b_ru'
    )
    self.w_c = self.add_weight(
      shape=(joint, self.units), initializer=self._kernels[1], name='w_c'
    )
    self.b_c = self.add_weight(
      shape=(self.units,), initializer='zeros', name='b_c'
    )

  def project(self, inputs: tf.Tensor) -> tuple[Pair, Pair]:
    """Share of the first columns of the inputs, computed ahead of `call`.

    Args:
      inputs: The first columns [.., Y] of the inputs.

    Returns:
      Their products with both kernels, [.., 2 * D] and [.., D], and the
      kernels' other rows.
    """
    rows = inputs.shape[-1]
    kernels = self.w_ru, self.w_c
    first, second = (tf.tensordot(inputs, x[:rows], 1) for x in kernels)
    return (first, second), (self.w_ru[rows:], self.w_c[rows:])

  def call(
    self,
    inputs: tf.Tensor,
    state: tf.Tensor,
    projected: tuple[Pair, Pair] | None = None,
  ) -> tf.Tensor:
    """Advances the state.

    Args:
      inputs: Inputs x [B, X], or their last columns if the first ones were
        given to `project` or are zero.
      state: Recurrent state h [B, D].
      projected: Output of `project`; None if these columns are zero or there
        are none.

    Returns:
      Next recurrent state h' [B, D].
    """
    if projected is None:
      rows = inputs.shape[-1] + self.units
      w_ru, w_c = _last(self.w_ru, rows), _last(self.w_c, rows)
    else:
      w_ru, w_c = projected[1]
    gates = _linear(concat(inputs, state), w_ru, self.b_ru)
    if projected is not None:
      gates += projected[0][0]
    reset, update = tf.split(tf.sigmoid(gates), 2, -1)
    candidate = _linear(concat(inputs, reset * state), w_c, self.b_c)
    if projected is not None:
      candidate += projected[0][1]
    return update * state + (1.0 - update) * tf.tanh(candidate)


def _linear(inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
  outputs = add_bias(matmul(inputs, kernel), bias, keras.activations.linear)
  return tf.cast(outputs, tf.float32)  # Gates need the precision.


def _last(kernel: keras.Variable, rows: int) -> tf.Tensor | keras.Variable:
  """The last rows of a kernel, uncopied if that is all of it."""
  return kernel[-rows:] if rows < kernel.shape[0] else kernel
