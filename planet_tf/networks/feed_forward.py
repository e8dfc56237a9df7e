"""Feed-forward heads that predict low-dimensional quantities.

Source: original: networks/basic.py (feed_forward).
"""

import keras
import tensorflow as tf


class FeedForward(keras.layers.Layer):
  """Predicts the mean of a quantity from latent features.

  Args:
    output_size: Size of the predicted vector, or None for a scalar.
    num_layers: Hidden layers; the released code has 3, the paper's text 2.
    units: Units of each hidden layer; 300 in the code, 200 in the text.
    activation: Activation of the hidden layers.
  """

  def __init__(
    self,
    output_size: int | None = None,
    *,
    num_layers: int,
    units: int,
    activation: str = 'relu',
    **kwargs: object,
  ) -> None:
    super().__init__(**kwargs)
    if num_layers < 0:
      raise ValueError(f'num_layers must be at least 0, got {num_layers}.')
    self.output_size = output_size
    self.hidden = [
      keras.layers.Dense(units, activation, name=f'dense{index}')
      for index in range(num_layers)
    ]
    self.mean = keras.layers.Dense(output_size or 1, name='mean')

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for features [.., F]."""
    size = input_shape[-1]
    for layer in (*self.hidden, self.mean):
      layer.build((None, size))
      size = layer.units
    self.built = True

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Predicts the mean.

    Args:
      features: Latent features [.., F].

    Returns:
      Mean [..] for a scalar, else [.., output_size].
    """
    leading = tf.shape(features)[:-1]
    hidden = tf.reshape(features, (-1, features.shape[-1]))
    for layer in self.hidden:
      hidden = layer(hidden)
    mean = self.mean(hidden)
    event = [] if self.output_size is None else [self.output_size]
    return tf.reshape(mean, tf.concat([leading, tf.cast(event, tf.int32)], 0))
