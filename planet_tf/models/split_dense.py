"""A dense layer whose second input is known ahead of the first."""

import keras
import tensorflow as tf


class SplitDense(keras.layers.Dense):
  """Dense layer over two inputs side by side, given one after the other.

  The embeddings of a whole sequence are known before the loop over time, so
  their share of the first layer of a posterior is one large product outside
  of it. Kernel [x + y, units] and bias are those of a plain dense layer.
  """

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for both inputs together, [.., X + Y]."""
    super().build(input_shape)
    self.input_spec = None  # Of the two together; `call` gets the first alone.

  def project(self, second: tf.Tensor) -> tf.Tensor:
    """Share of the second input [.., Y], with the bias; [.., units]."""
    kernel = self.kernel[-second.shape[-1] :]
    return tf.tensordot(second, kernel, 1) + self.bias

  def call(self, first: tf.Tensor, projected: tf.Tensor) -> tf.Tensor:
    """Output [B, units] for the first input [B, X] and `project`'s output."""
    kernel = self.kernel[: first.shape[-1]]
    return self.activation(tf.matmul(first, kernel) + projected)
