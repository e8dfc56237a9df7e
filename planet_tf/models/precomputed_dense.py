"""A dense layer whose second input is known ahead of the first."""

import keras
import tensorflow as tf

from planet_tf.ops.precision import matmul


class PrecomputedDense(keras.layers.Dense):
  """Dense layer over two inputs side by side, given one after the other.

  The embeddings of a whole sequence are known before the loop over time, so
  their share of the first layer of a posterior is one large product outside
  of it. Kernel [x + y, units] and bias are those of a plain dense layer.
  """

  def __init__(self, *args: object, **kwargs: object) -> None:
    super().__init__(*args, autocast=False, **kwargs)

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for both inputs together, [.., X + Y]."""
    super().build(input_shape)
    self.input_spec = None  # Of the two together; `call` gets the first alone.

  def project(self, second: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """What does not need the first input.

    Args:
      second: The second input [.., Y].

    Returns:
      Its share with the bias, [.., units], and the kernel of the first input
      [X, units].
    """
    rows = self.kernel.shape[0] - second.shape[-1]
    share = tf.tensordot(second, self.kernel[rows:], 1) + self.bias
    return share, self.kernel[:rows]

  def call(
    self, first: tf.Tensor, projected: tuple[tf.Tensor, tf.Tensor]
  ) -> tf.Tensor:
    """Output [B, units] for the first input [B, X] and `project`'s output."""
    share, kernel = projected
    outputs = tf.cast(matmul(first, kernel), tf.float32)
    return self.activation(outputs + share)
