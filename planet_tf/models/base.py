"""Base class of the latent dynamics models: states and loops over time.

A latent state is a flat dict of tensors with leading axes [B] or [B, T]. A
model defines one step of the prior (`transition`) and of the posterior; the
base class repeats it over time. Source: original: models/base.py and
tools/unroll.py.

Samples are computed from standard normal noise, which is drawn for all steps
before the loop and passed as an argument. So `observe` and `imagine` are pure
functions of their arguments.
"""

import abc
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

State = dict[str, tf.Tensor]
Nested = Any  # Nested tuples and dicts of tensors.
Shape = tuple[Any, ...]  # Sizes; None for unknown ones.


class LatentDynamics(keras.layers.Layer, abc.ABC):
  """Latent dynamics model.

  Args:
    state_size: Stochastic size S.
    mean_only: Whether samples are means, so that noise has no effect.
  """

  def __init__(
    self, state_size: int, *, mean_only: bool, **kwargs: object
  ) -> None:
    super().__init__(autocast=False, **kwargs)
    self.stochastic_size = state_size
    self.mean_only = mean_only

  @property
  @abc.abstractmethod
  def state_sizes(self) -> dict[str, int]:
    """Size of each tensor of a state."""

  @property
  @abc.abstractmethod
  def feature_size(self) -> int:
    """Size F of the features."""

  @abc.abstractmethod
  def build(self, action_shape: Shape, embedding_shape: Shape) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""

  @abc.abstractmethod
  def features(self, state: State) -> tf.Tensor:
    """Returns the features [.., F] of a state, the input of the heads."""

  @abc.abstractmethod
  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Computes the prior of the next state.

    Args:
      state: Previous state, tensors [B, ..].
      action: Action that follows it [B, A].
      noise: Standard normal noise of the sample [B, S].

    Returns:
      Next state, tensors [B, ..].
    """

  @abc.abstractmethod
  def precompute_observations(
    self, embedding: tf.Tensor
  ) -> tuple[Nested, Nested]:
    """Computes the part of the posterior that needs no state.

    It is computed for all steps at once, before the loop over time.

    Args:
      embedding: Embeddings of observations [.., E].

    Returns:
      Tensors [.., ?] that depend on the embeddings, and tensors that all steps
      share, such as slices of kernels: inside the loop, a slice would cost
      more than its product.
    """

  @abc.abstractmethod
  def posterior(
    self,
    state: State,
    action: tf.Tensor,
    prior: State,
    precomputed: tuple[Nested, Nested],
    noise: tf.Tensor,
  ) -> State:
    """Computes the posterior of the next state.

    Args:
      state: Previous state, tensors [B, ..].
      action: Action that follows it [B, A].
      prior: Output of `transition` for both, tensors [B, ..].
      precomputed: Output of `precompute_observations` for the step's
        embedding, tensors [B, ..].
      noise: Standard normal noise of the sample [B, S].

    Returns:
      Posterior state, tensors [B, ..].
    """

  def zero_state(self, batch: int | tf.Tensor) -> State:
    """Returns the state before the first step: zeros, also for `stddev`."""
    return {
      name: tf.zeros((batch, size)) for name, size in self.state_sizes.items()
    }

  def call(
    self,
    state: State,
    action: tf.Tensor,
    embedding: tf.Tensor | None = None,
    noise: tf.Tensor | None = None,
  ) -> tuple[State, State]:
    """Advances the state by one step.

    Args:
      state: Previous state, tensors [B, ..].
      action: Action that follows it [B, A].
      embedding: Embedding of the observation [B, E], or None without one.
      noise: Standard normal noise [2, B, S] of prior and posterior, or None
        to take the means.

    Returns:
      Prior and posterior of the next state. Without an observation, the
      posterior is the prior.
    """
    if noise is None:
      noise = tf.zeros((2, tf.shape(action)[0], self.stochastic_size))
    prior = self.transition(state, action, noise[0])
    if embedding is None:
      return prior, prior
    precomputed = self.precompute_observations(embedding)
    return prior, self.posterior(state, action, prior, precomputed, noise[1])

  def observe(
    self,
    embedding: tf.Tensor,
    actions: tf.Tensor,
    noise: tf.Tensor,
    state: State | None = None,
  ) -> tuple[State, State]:
    """Filters a batch of sequences.

    Args:
      embedding: Embeddings [B, T, E].
      actions: Actions that led to them [B, T, A].
      noise: Standard normal noise [2, B, T, S] of prior and posterior.
      state: State before the first step, zeros by default.

    Returns:
      Priors and posteriors, tensors [B, T, ..].
    """
    if state is None:
      state = self.zero_state(tf.shape(actions)[0])

    def step(
      states: tuple[State, State], inputs: tuple[Nested, ...]
    ) -> tuple[State, State]:
      state = states[1]
      precomputed, action, prior_noise, posterior_noise = inputs
      prior = self.transition(state, action, prior_noise)
      return prior, self.posterior(
        state, action, prior, (precomputed, shared), posterior_noise
      )

    precomputed, shared = self.precompute_observations(embedding)
    inputs = (precomputed, actions, noise[0], noise[1])
    return _scan(step, (state, state), inputs)

  def imagine(
    self, actions: tf.Tensor, noise: tf.Tensor, state: State
  ) -> State:
    """Predicts a batch of sequences without observations.

    Args:
      actions: Actions [B, T, A].
      noise: Standard normal noise [B, T, S].
      state: State before the first action, tensors [B, ..].

    Returns:
      Priors, tensors [B, T, ..].
    """

    def step(state: State, inputs: tuple[tf.Tensor, ...]) -> State:
      return self.transition(state, *inputs)

    return _scan(step, state, (actions, noise))


def _scan(
  step: Callable[[Nested, Nested], Nested], initial: Nested, inputs: Nested
) -> Nested:
  """Applies `step(state, inputs)` over time; all tensors are [B, T, ..].

  A `tf.while_loop` over TensorArrays traces several times faster than
  `tf.scan` or an unrolled loop, and runs as fast.
  """
  inputs = tf.nest.map_structure(tf.convert_to_tensor, inputs)
  flat_inputs = [_time_major(x) for x in tf.nest.flatten(inputs)]
  length = tf.shape(flat_inputs[0])[0]
  sources = [tf.TensorArray(x.dtype, length).unstack(x) for x in flat_inputs]
  outputs = [
    tf.TensorArray(x.dtype, length, element_shape=x.shape)
    for x in tf.nest.flatten(initial)
  ]

  def body(
    time: tf.Tensor, state: Nested, outputs: list[tf.TensorArray]
  ) -> tuple[tf.Tensor, Nested, list[tf.TensorArray]]:
    current = tf.nest.pack_sequence_as(inputs, [s.read(time) for s in sources])
    state = step(state, current)
    flat = tf.nest.flatten(state)
    outputs = [o.write(time, x) for o, x in zip(outputs, flat, strict=True)]
    return time + 1, state, outputs

  _, _, outputs = tf.while_loop(
    lambda time, *_: time < length,
    body,
    (tf.constant(0), initial, outputs),
    maximum_iterations=length,
  )
  stacked = [_time_major(output.stack()) for output in outputs]
  return tf.nest.pack_sequence_as(initial, stacked)


def _time_major(tensor: tf.Tensor) -> tf.Tensor:
  """Swaps the first two axes."""
  rest = list(range(2, tensor.shape.rank))
  return tf.transpose(tensor, [1, 0, *rest])
