"""Feed-forward heads that predict low-dimensional quantities.

Source: original: networks/basic.py (feed_forward).
"""

from typing import Any, Literal

import keras
import tensorflow as tf

from planet_tf import distributions
from planet_tf.ops.precision import MixedDense

LIKELIHOODS = ('normal', 'truncated_normal', 'tanh_normal', 'deterministic')


@keras.saving.register_keras_serializable(package='planet_tf')
class FeedForward(keras.layers.Layer):
  """Predicts a scalar or a vector from latent features.

  Args:
    output_size: Size of the predicted vector, or None for a scalar.
    num_layers: Hidden layers; the released code has 3, the paper's text 2.
    units: Units of each hidden layer; 300 in the code, 200 in the text.
    activation: Activation of the hidden layers.
    likelihood: Distribution of the quantity; see `distributions.log_prob`.
    stddev: Standard deviation, or `learned` to predict it as well.
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
      raise ValueError(
        f'likelihood must be one of {", ".join(LIKELIHOODS)}, got '
        f'{likelihood!r}.'
      )
    if stddev != 'learned' and stddev <= 0:
      raise ValueError(f"stddev must be above 0 or 'learned', got {stddev}.")
    self.output_size = output_size
    self.units = units
    self.activation = activation
    self.likelihood = likelihood
    self.stddev = stddev
    self.low = low
    self.high = high
    self.hidden = [
      MixedDense(units, activation, name=f'dense{index}')
      for index in range(num_layers)
    ]
    self.mean = MixedDense(output_size or 1, name='mean')
    self.raw_stddev = None
    if stddev == 'learned':
      self.raw_stddev = MixedDense(output_size or 1, name='stddev')

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'output_size': self.output_size,
      'num_layers': len(self.hidden),
      'units': self.units,
      'activation': self.activation,
      'likelihood': self.likelihood,
      'stddev': self.stddev,
      'low': self.low,
      'high': self.high,
    }

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for features [.., F]."""
    size = input_shape[-1]
    for layer in self.hidden:
      layer.build((None, size))
      size = self.units
    self.mean.build((None, size))
    if self.raw_stddev is not None:
      self.raw_stddev.build((None, size))

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Predicts the mode of the distribution.

    Args:
      features: Latent features [.., F].

    Returns:
      Mode [..] for a scalar, else [.., output_size].
    """
    mean = self._output(self.mean, self._hidden(features), features)
    if self.likelihood == 'truncated_normal':
      return tf.clip_by_value(mean, self.low, self.high)
    return tf.tanh(mean) if self.likelihood == 'tanh_normal' else mean

  def log_prob(self, features: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Computes the log likelihood of an observed value.

    Args:
      features: Latent features [.., F].
      value: Value [..] of a scalar, else [.., output_size].

    Returns:
      Log likelihood [..], summed over a vector.
    """
    hidden = self._hidden(features)
    stddev = self.stddev
    if self.raw_stddev is not None:
      raw = self._output(self.raw_stddev, hidden, features)
      stddev = tf.math.softplus(raw + 0.55) + 0.01
    return distributions.log_prob(
      self._output(self.mean, hidden, features),
      value,
      0 if self.output_size is None else 1,
      stddev=stddev,
      kind=self.likelihood,
      low=self.low,
      high=self.high,
    )

  def _hidden(self, features: tf.Tensor) -> tf.Tensor:
    """Returns the last hidden layer's outputs, as rows."""
    hidden = tf.reshape(features, (-1, features.shape[-1]))
    for layer in self.hidden:
      hidden = layer(hidden)
    return hidden

  def _output(
    self, layer: keras.layers.Layer, hidden: tf.Tensor, features: tf.Tensor
  ) -> tf.Tensor:
    """Applies a layer to rows and restores the leading axes of features."""
    leading = tf.shape(features)[:-1]
    event = [] if self.output_size is None else [self.output_size]
    shape = tf.concat([leading, tf.cast(event, tf.int32)], 0)
    return tf.reshape(tf.cast(layer(hidden), tf.float32), shape)
