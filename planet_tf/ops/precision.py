"""Matrix products in the type that suits the hardware, float32 or bfloat16.

Layers compute products in the type of the surrounding `autocast`; weights,
gates, statistics, sums and all that follows stay float32. The default is
float32, which is the reference.
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

Activation = Callable[[tf.Tensor], tf.Tensor]


class _Scope:
  """What `autocast` sets.

  Variables are cast once, in the graph in which the scope begins, and not at
  each step of a loop inside.
  """

  def __init__(self, dtype: str) -> None:
    self.dtype = dtype
    self._graph = contextlib.nullcontext
    if not tf.executing_eagerly():
      self._graph = tf.compat.v1.get_default_graph().as_default
    self._casts: dict[int, tf.Tensor] = {}

  def cast(self, variable: keras.Variable) -> tf.Tensor:
    """The variable in the type of the scope."""
    if id(variable) not in self._casts:
      with self._graph():
        self._casts[id(variable)] = tf.cast(variable, self.dtype)
    return self._casts[id(variable)]


_SCOPE: contextvars.ContextVar[_Scope | None] = contextvars.ContextVar(
  'products', default=None
)


@contextlib.contextmanager
def autocast(dtype: str) -> Iterator[None]:
  """Has the layers that are called inside compute products in a type.

  Args:
    dtype: `float32` or `bfloat16`.
  """
  token = _SCOPE.set(None if dtype == 'float32' else _Scope(dtype))
  try:
    yield
  finally:
    _SCOPE.reset(token)


def cast(tensor: tf.Tensor | keras.Variable) -> tf.Tensor:
  """A factor of a product, in its type."""
  scope = _SCOPE.get()
  if scope is None:
    return tf.cast(tensor, tf.float32)
  if isinstance(tensor, keras.Variable):
    return scope.cast(tensor)
  return tf.cast(tensor, scope.dtype)


def concat(*tensors: tf.Tensor) -> tf.Tensor:
  """Tensors [.., ?] side by side, as the factor of a product."""
  return tf.concat([cast(tensor) for tensor in tensors], -1)


def matmul(inputs: tf.Tensor, kernel: tf.Tensor | keras.Variable) -> tf.Tensor:
  """Product of inputs [.., X] and a kernel [X, units], in its type."""
  inputs, kernel = cast(inputs), cast(kernel)
  if inputs.shape.rank == 2:
    return tf.matmul(inputs, kernel)  # Fused with a bias that follows.
  return tf.tensordot(inputs, kernel, 1)


def add_bias(
  products: tf.Tensor,
  bias: tf.Tensor | keras.Variable,
  activation: Activation,
) -> tf.Tensor:
  """Adds a bias and applies an activation, in the type of the products.

  TensorFlow accumulates the gradient of a bfloat16 bias in bfloat16, where
  sums over many pixels come out many times too small; here it is a product,
  which accumulates in float32.

  Args:
    products: Products [.., units].
    bias: Bias [units].
    activation: Function of Keras.

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
def _with_bias(products: tf.Tensor, bias: tf.Tensor) -> tuple:
  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return upstream, _sum_rows(upstream)

  return tf.nn.bias_add(products, bias), gradient


@tf.custom_gradient
def _relu_with_bias(products: tf.Tensor, bias: tf.Tensor) -> tuple:
  # In one function, or else the compiler does not fuse it with the product.
  outputs = tf.nn.relu(tf.nn.bias_add(products, bias))

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    upstream = tf.raw_ops.ReluGrad(gradients=upstream, features=outputs)
    return upstream, _sum_rows(upstream)

  return outputs, gradient


def _sum_rows(tensor: tf.Tensor) -> tf.Tensor:
  """Sum of [.., units] over all but the last dimension."""
  rows = tf.reshape(tensor, (-1, tensor.shape[-1]))
  ones = tf.ones((1, tf.shape(rows)[0]), rows.dtype)
  return tf.matmul(ones, rows)[0]


class Dense(keras.layers.Dense):
  """Dense layer whose product is computed in the type of `autocast`."""

  def __init__(self, *args: object, **kwargs: object) -> None:
    # Keras would turn the inputs into float32 otherwise.
    super().__init__(*args, autocast=False, **kwargs)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Maps [.., X] to [.., units] in the type of products."""
    outputs = matmul(inputs, self.kernel)
    return add_bias(outputs, self.bias, self.activation)
