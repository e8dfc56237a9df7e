"""Feed-forward heads that predict low-dimensional quantities.

Source: original: networks/basic.py (feed_forward).
"""

from typing import Literal

import keras
import tensorflow as tf

from planet_tf import distributions
from planet_tf.ops.precision import Dense

LIKELIHOODS = ('normal', 'truncated_normal', 'tanh_normal', 'deterministic')


class FeedForward(keras.layers.Layer):
  """Predicts a quantity from latent features.

  Args:
    output_size: Size of the predicted vector, or None for a scalar.
    num_layers: Hidden layers; the released code has 3, the paper's text 2.
    units: Units of each hidden layer; 300 in the code, 200 in the text.
    activation: Activation of the hidden layers.
    likelihood: Distribution of the quantity; see `distributions.log_prob`.
    stddev: Its standard deviation, or `learned` to predict that as well.
    low: Lower bound of a truncated normal.
    high: Upper bound of a truncated normal.
  """

  def __init__(
    self,
    output_size: int | None = None,
    *,
    num_layers: int,
    units: int,
    activation: str = 'relu',
    likelihood: str = 'normal',
    stddev: float | Literal['learned'] = 1.0,
    low: float = -1.0,
    high: float = 1.0,
    **kwargs: object,
  ) -> None:
    super().__init__(autocast=False, **kwargs)
    if num_layers < 0:
      raise ValueError(f'num_layers must be at least 0, got {num_layers}.')
    if likelihood not in LIKELIHOODS:
      raise ValueError(f'likelihood {likelihood!r} is none of {LIKELIHOODS}.')
    if stddev != 'learned' and stddev <= 0:
      raise ValueError(f"stddev must be above 0 or 'learned', got {stddev}.")
    self.output_size = output_size
    self.likelihood = likelihood
    self.bounds = {'low': low, 'high': high}
    self.hidden = [
      Dense(units, activation, name=f'dense{index}')
      for index in range(num_layers)
    ]
    self.mean = Dense(output_size or 1, name='mean')
    self.stddev = stddev
    if stddev == 'learned':
      self.stddev = Dense(output_size or 1, name='stddev')

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for features [.., F]."""
    size = input_shape[-1]
    for layer in self.hidden:
      layer.build((None, size))
      size = layer.units
    self.mean.build((None, size))
    if isinstance(self.stddev, keras.layers.Layer):
      self.stddev.build((None, size))
    self.built = True

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Predicts the most likely value.

    Args:
      features: Latent features [.., F].

    Returns:
      Mode [..] for a scalar, else [.., output_size].
    """
    mean = self._output(self.mean, self._hidden(features), features)
    if self.likelihood == 'truncated_normal':
      return tf.clip_by_value(mean, self.bounds['low'], self.bounds['high'])
    return tf.tanh(mean) if self.likelihood == 'tanh_normal' else mean

  def log_prob(self, features: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Log likelihood of an observed value.

    Args:
      features: Latent features [.., F].
      value: Value [..] of a scalar, else [.., output_size].

    Returns:
      Log likelihood [..], summed over a vector.
    """
    hidden = self._hidden(features)
    stddev = self.stddev
    if isinstance(stddev, keras.layers.Layer):
      raw = self._output(stddev, hidden, features)
      stddev = tf.math.softplus(raw + 0.55) + 0.01
    return distributions.log_prob(
      self._output(self.mean, hidden, features),
      value,
      0 if self.output_size is None else 1,
      stddev=stddev,
      kind=self.likelihood,
      **self.bounds,
    )

  def _hidden(self, features: tf.Tensor) -> tf.Tensor:
    hidden = tf.reshape(features, (-1, features.shape[-1]))
    for layer in self.hidden:
      hidden = layer(hidden)
    return hidden

  def _output(
    self, layer: keras.layers.Layer, hidden: tf.Tensor, features: tf.Tensor
  ) -> tf.Tensor:
    """A layer's output with the leading dimensions of the features."""
    leading = tf.shape(features)[:-1]
    event = [] if self.output_size is None else [self.output_size]
    shape = tf.concat([leading, tf.cast(event, tf.int32)], 0)
    return tf.reshape(tf.cast(layer(hidden), tf.float32), shape)
