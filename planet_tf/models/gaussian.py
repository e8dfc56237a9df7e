"""The stochastic part of a latent state."""

import keras
import tensorflow as tf

from planet_tf.ops.precision import add_bias, concat, matmul


class Gaussian(keras.layers.Layer):
  """Diagonal Gaussian whose statistics are linear in its inputs.

  Source: original: the last layers of models/{rssm,ssm,drnn}.py.

  Args:
    size: Stochastic size S.
    mean_only: Take the mean as the sample.
    min_stddev: Added to the softplus that yields standard deviations.
  """

  def __init__(
    self,
    size: int,
    *,
    mean_only: bool = False,
    min_stddev: float = 0.1,
    **kwargs: object,
  ) -> None:
    super().__init__(autocast=False, **kwargs)
    if min_stddev < 0:
      raise ValueError(f'min_stddev must be at least 0, got {min_stddev}.')
    self.mean_only = mean_only
    self.min_stddev = min_stddev
    self.mean = keras.layers.Dense(size, name='mean')
    self.stddev = keras.layers.Dense(size, name='stddev')

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for inputs [.., X]."""
    self.mean.build(input_shape)
    self.stddev.build(input_shape)
    self.built = True

  def call(self, inputs: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
    """Computes the statistics, by one product for both, and a sample.

    Args:
      inputs: Inputs [.., X].
      noise: Standard normal noise [.., S].

    Returns:
      `mean`, `stddev` and `sample`, each [.., S].
    """
    kernel = concat(self.mean.kernel, self.stddev.kernel)
    bias = concat(self.mean.bias, self.stddev.bias)
    outputs = add_bias(matmul(inputs, kernel), bias, keras.activations.linear)
    mean, raw = tf.split(tf.cast(outputs, tf.float32), 2, -1)
    stddev = tf.math.softplus(raw) + self.min_stddev
    sample = mean if self.mean_only else mean + stddev * noise
    return {'mean': mean, 'stddev': stddev, 'sample': sample}
