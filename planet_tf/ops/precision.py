"""Matrix products in float32 or bfloat16, with float32 sums.

Layers compute their products in the type of the surrounding `autocast`.
Weights, gates, statistics and sums stay float32, and float32 is the default.

Keras' `mixed_bfloat16` policy is no replacement: TensorFlow's BiasAddGrad
accumulates in bfloat16, so that sums over many pixels come out up to 200 times
too small. Here the gradient of a bias is a matrix product, which accumulates
in float32.
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

Activation = Callable[[tf.Tensor], tf.Tensor]
Gradient = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class _Scope:
  """Scope of one `autocast`: its type and the variables cast so far.

  A variable is cast once, in the graph in which the scope begins, instead of
  at every step of a loop inside.
  """

  def __init__(self, dtype: str) -> None:
    self.dtype = dtype
    self._graph = contextlib.nullcontext
    if not tf.executing_eagerly():
      self._graph = tf.compat.v1.get_default_graph().as_default
    self._casts: dict[int, tf.Tensor] = {}

  def cast(self, variable: keras.Variable) -> tf.Tensor:
    """Returns the variable in the type of the scope."""
    if id(variable) not in self._casts:
      with self._graph():
        self._casts[id(variable)] = tf.cast(variable, self.dtype)
    return self._casts[id(variable)]


_SCOPE: contextvars.ContextVar[_Scope | None] = contextvars.ContextVar(
  'autocast', default=None
)


@contextlib.contextmanager
def autocast(dtype: str) -> Iterator[None]:
  """Context in which layers compute their products in a type.

  Args:
    dtype: `float32` or `bfloat16`.
  """
  token = _SCOPE.set(None if dtype == 'float32' else _Scope(dtype))
  try:
    yield
  finally:
    _SCOPE.reset(token)


def cast(tensor: tf.Tensor | keras.Variable) -> tf.Tensor:
  """Casts a tensor to the type of `autocast`."""
  scope = _SCOPE.get()
  if scope is None:
    return tf.cast(tensor, tf.float32)
  if isinstance(tensor, keras.Variable):
    return scope.cast(tensor)
  return tf.cast(tensor, scope.dtype)


def concat(*tensors: tf.Tensor) -> tf.Tensor:
  """Concatenates tensors [.., ?] along the last axis, after `cast`."""
  return tf.concat([cast(tensor) for tensor in tensors], -1)


def matmul(inputs: tf.Tensor, kernel: tf.Tensor | keras.Variable) -> tf.Tensor:
  """Multiplies inputs [.., X] by a kernel [X, units], after `cast`."""
  inputs, kernel = cast(inputs), cast(kernel)
  if inputs.shape.rank == 2:
    return tf.matmul(inputs, kernel)  # TensorFlow fuses it with a bias.
  return tf.tensordot(inputs, kernel, 1)


def add_bias(
  products: tf.Tensor,
  bias: tf.Tensor | keras.Variable,
  activation: Activation,
) -> tf.Tensor:
  """Adds a bias and applies an activation, in the type of the products.

  Args:
    products: Products [.., units].
    bias: Bias [units].
    activation: Activation function of Keras.

  Returns:
    Outputs [.., units].
  """
  bias = cast(bias)
  if products.dtype == tf.float32:
    return activation(tf.nn.bias_add(products, bias))
  if activation is keras.activations.relu:
    return _relu_with_bias(products, bias)
  return activation(_with_bias(products, bias))


@tf.custom_gradient
def _with_bias(
  products: tf.Tensor, bias: tf.Tensor
) -> tuple[tf.Tensor, Gradient]:
  """Adds a bias whose gradient accumulates in float32."""

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return upstream, _sum_rows(upstream)

  return tf.nn.bias_add(products, bias), gradient


@tf.custom_gradient
def _relu_with_bias(
  products: tf.Tensor, bias: tf.Tensor
) -> tuple[tf.Tensor, Gradient]:
  """ReLU of `_with_bias`; one function, so that TensorFlow can fuse both."""
  outputs = tf.nn.relu(tf.nn.bias_add(products, bias))

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    upstream = tf.raw_ops.ReluGrad(gradients=upstream, features=outputs)
    return upstream, _sum_rows(upstream)

  return outputs, gradient


def _sum_rows(tensor: tf.Tensor) -> tf.Tensor:
  """Sums [.., units] over all axes but the last, as a matrix product."""
  rows = tf.reshape(tensor, (-1, tensor.shape[-1]))
  ones = tf.ones((1, tf.shape(rows)[0]), rows.dtype)
  return tf.matmul(ones, rows)[0]


@keras.saving.register_keras_serializable(package='planet_tf')
class MixedDense(keras.layers.Dense):
  """Dense layer that computes its product in the type of `autocast`.

  Args:
    units: Size of the outputs.
    activation: Name of the activation; linear by default.
  """

  def __init__(
    self, units: int, activation: str | None = None, **kwargs: object
  ) -> None:
    # By default, Keras would cast the inputs to float32.
    super().__init__(units, activation, autocast=False, **kwargs)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps [.., X] to [.., units] in the type of `autocast`."""
    outputs = matmul(inputs, self.kernel)
    return add_bias(outputs, self.bias, self.activation)
