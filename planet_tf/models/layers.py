"""Layers of the latent dynamics models: Gaussian, GRU and precomputed dense.

They are not Keras' own layers for two reasons. Products follow `autocast`,
while statistics and gates stay float32. And the part of a product that depends
only on embeddings is computed for all steps at once, before the loop over
time, with weights of the same shapes as the original's.
"""

from typing import Any

import keras
import tensorflow as tf

from planet_tf.ops.precision import add_bias, concat, matmul

Pair = tuple[tf.Tensor, tf.Tensor]


@keras.saving.register_keras_serializable(package='planet_tf')
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
    self.size = size
    self.mean_only = mean_only
    self.min_stddev = min_stddev
    self.mean = keras.layers.Dense(size, name='mean')
    self.stddev = keras.layers.Dense(size, name='stddev')

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'size': self.size,
      'mean_only': self.mean_only,
      'min_stddev': self.min_stddev,
    }

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for inputs [.., X]."""
    self.mean.build(input_shape)
    self.stddev.build(input_shape)

  def call(self, inputs: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
    """Computes the statistics, both in one product, and a sample.

    Args:
      inputs: Inputs [.., X].
      noise: Standard normal noise [.., S].

    Returns:
      `mean`, `stddev` and `sample`, each [.., S], float32.
    """
    kernel = concat(self.mean.kernel, self.stddev.kernel)
    bias = concat(self.mean.bias, self.stddev.bias)
    mean, raw = tf.split(_linear(inputs, kernel, bias), 2, -1)
    stddev = tf.math.softplus(raw) + self.min_stddev
    sample = mean if self.mean_only else mean + stddev * noise
    return {'mean': mean, 'stddev': stddev, 'sample': sample}


@keras.saving.register_keras_serializable(package='planet_tf')
class GRUBlockCell(keras.layers.Layer):
  """One step of the gated recurrent unit of TensorFlow 1's GRUBlockCell.

      [r, u] = sigmoid([x, h] W_ru + b_ru)
      c = tanh([x, r * h] W_c + b_c)
      h' = u * h + (1 - u) * c

  `keras.layers.GRUCell(reset_after=False)` computes the same except for the
  order of the gates, but has other initial weights: here glorot_uniform draws
  the two joint kernels, and b_ru starts at 1, so that the gates start open.

  Args:
    units: Size D of the recurrent state.
  """

  def __init__(self, units: int, **kwargs: object) -> None:
    super().__init__(autocast=False, **kwargs)
    self.units = units
    # Initializers draw a seed, so the place decides the weights of all layers.
    self._kernels = [keras.initializers.GlorotUniform() for _ in range(2)]

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {**super().get_config(), 'units': self.units}

  def build(self, input_shape: tuple[Any, ...]) -> None:
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

  def precompute(self, inputs: tf.Tensor) -> tuple[Pair, Pair]:
    """Computes the part of `call` that depends on the first columns only.

    Args:
      inputs: First columns [.., Y] of the inputs.

    Returns:
      Their products with both kernels, [.., 2 * D] and [.., D], and the
      remaining rows of both kernels.
    """
    rows = inputs.shape[-1]
    kernels = self.w_ru, self.w_c
    first, second = (tf.tensordot(inputs, x[:rows], 1) for x in kernels)
    return (first, second), (self.w_ru[rows:], self.w_c[rows:])

  def call(
    self,
    inputs: tf.Tensor,
    state: tf.Tensor,
    precomputed: tuple[Pair, Pair] | None = None,
  ) -> tf.Tensor:
    """Advances the state.

    Args:
      inputs: Inputs x [B, X], or their last columns if the first ones are
        zero or were given to `precompute`.
      state: Recurrent state h [B, D].
      precomputed: Output of `precompute`, if it was called.

    Returns:
      Next recurrent state h' [B, D], float32.
    """
    if precomputed is None:
      rows = inputs.shape[-1] + self.units
      w_ru, w_c = _last_rows(self.w_ru, rows), _last_rows(self.w_c, rows)
    else:
      w_ru, w_c = precomputed[1]
    gates = _linear(concat(inputs, state), w_ru, self.b_ru)
    if precomputed is not None:
      gates += precomputed[0][0]
    reset, update = tf.split(tf.sigmoid(gates), 2, -1)
    candidate = _linear(concat(inputs, reset * state), w_c, self.b_c)
    if precomputed is not None:
      candidate += precomputed[0][1]
    return update * state + (1.0 - update) * tf.tanh(candidate)


@keras.saving.register_keras_serializable(package='planet_tf')
class PrecomputedDense(keras.layers.Dense):
  """Dense layer over two inputs, of which the second one is known earlier.

  The embeddings of a sequence are known before the loop over time, so their
  part of a posterior's first layer is one large product outside of the loop.
  Kernel [X + Y, units] and bias are those of a plain dense layer.

  Args:
    units: Size of the outputs.
    activation: Name of the activation; linear by default.
  """

  def __init__(
    self, units: int, activation: str | None = None, **kwargs: object
  ) -> None:
    super().__init__(units, activation, autocast=False, **kwargs)

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for both inputs together, [.., X + Y]."""
    super().build(input_shape)
    self.input_spec = None  # Keras would check X against X + Y.

  def precompute(self, second: tf.Tensor) -> Pair:
    """Computes the part of `call` that depends on the second input only.

    Args:
      second: Second input [.., Y].

    Returns:
      Its product plus the bias, [.., units], and the first input's kernel
      [X, units].
    """
    rows = self.kernel.shape[0] - second.shape[-1]
    share = tf.tensordot(second, self.kernel[rows:], 1) + self.bias
    return share, self.kernel[:rows]

  def call(self, first: tf.Tensor, precomputed: Pair) -> tf.Tensor:
    """Computes the outputs.

    Args:
      first: First input [B, X].
      precomputed: Output of `precompute`.

    Returns:
      Outputs [B, units], float32.
    """
    share, kernel = precomputed
    outputs = tf.cast(matmul(first, kernel), tf.float32)
    return self.activation(outputs + share)


def _linear(inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
  """Linear layer; statistics and gates need the precision of float32."""
  outputs = add_bias(matmul(inputs, kernel), bias, keras.activations.linear)
  return tf.cast(outputs, tf.float32)


def _last_rows(kernel: keras.Variable, rows: int) -> tf.Tensor | keras.Variable:
  """Returns the last rows of a kernel, without a copy if these are all."""
  return kernel[-rows:] if rows < kernel.shape[0] else kernel
