"""The gated recurrent unit of the original's GRUBlockCell."""

import keras
import tensorflow as tf


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
    super().__init__(**kwargs)
    self.units = units

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for inputs [B, X]."""
    joint = input_shape[-1] + self.units
    self.w_ru = self.add_weight(
      shape=(joint, 2 * self.units), initializer='glorot_uniform', name='w_ru'
    )
    self.b_ru = self.add_weight(
      shape=(2 * self.units,), initializer='ones', name='b_ru'
    )
    self.w_c = self.add_weight(
      shape=(joint, self.units), initializer='glorot_uniform', name='w_c'
    )
    self.b_c = self.add_weight(
      shape=(self.units,), initializer='zeros', name='b_c'
    )

  def call(self, inputs: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
    """Advances the state.

    Args:
      inputs: Inputs x [B, X].
      state: Recurrent state h [B, D].

    Returns:
      Next recurrent state h' [B, D].
    """
    gates = tf.matmul(tf.concat([inputs, state], -1), self.w_ru)
    reset, update = tf.split(tf.sigmoid(gates + self.b_ru), 2, -1)
    joint = tf.concat([inputs, reset * state], -1)
    candidate = tf.tanh(tf.matmul(joint, self.w_c) + self.b_c)
    return update * state + (1.0 - update) * candidate
