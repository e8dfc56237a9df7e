"""What all latent dynamics models share: states and unrolling.

A latent state is a flat dict of tensors with leading dimensions [B] or
[B, T]. A cell defines one step of the prior (`transition`) and of the
posterior; this base class unrolls it over time. Source: original:
models/base.py and tools/unroll.py.

All sampling takes standard normal noise as an input, drawn in one piece
before the loop, so that an unroll is a pure function of its arguments.
"""

import abc
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

State = dict[str, tf.Tensor]
Nested = Any  # Nested tuples and dicts of tensors.


class LatentDynamics(keras.layers.Layer, abc.ABC):
  """One step of a latent dynamics model, and its unrolling over time.

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
    """Size F of the features that the heads see."""

  @abc.abstractmethod
  def build_cell(self, action_size: int, embedding_size: int) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""

  @abc.abstractmethod
  def features(self, state: State) -> tf.Tensor:
    """Features [.., F] of a state, the input of the heads."""

  @abc.abstractmethod
  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Prior of the next state.

    Args:
      state: Previous state, tensors [B, ..].
      action: Action that follows it [B, A].
      noise: Standard normal noise of the sample [B, S].

    Returns:
      Next state, tensors [B, ..].
    """

  @abc.abstractmethod
  def project(self, embedding: tf.Tensor) -> tuple[Nested, Nested]:
    """The part of the posterior that needs no state.

    It is computed for all steps at once, outside of the loop over time.

    Args:
      embedding: Embeddings of observations [.., E].

    Returns:
      What depends on them, tensors [.., ?], and what all steps share, such as
      parts of kernels: a slice in the loop would cost more than its product.
    """

  @abc.abstractmethod
  def posterior(
    self,
    state: State,
    action: tf.Tensor,
    prior: State,
    projected: tuple[Nested, Nested],
    noise: tf.Tensor,
  ) -> State:
    """Posterior of the next state.

    Args:
      state: Previous state, tensors [B, ..].
      action: Action that follows it [B, A].
      prior: What `transition` made of them, tensors [B, ..].
      projected: Output of `project` for the step's observation, [B, ..].
      noise: Standard normal noise of the sample [B, S].

    Returns:
      Posterior state, tensors [B, ..].
    """

  def zero_state(self, batch: int | tf.Tensor) -> State:
    """The state before the first step: zeros, standard deviations too."""
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
    """One step of the cell.

    Args:
      state: Previous state, tensors [B, ..].
      action: Action that follows it [B, A].
      embedding: Embedding of the observation [B, E], or None if unobserved.
      noise: Standard normal noise [2, B, S] of prior and posterior, or None
        to take the means.

    Returns:
      Prior and posterior of the next state. Without an observation the
      posterior is the prior.
    """
    if noise is None:
      noise = tf.zeros((2, tf.shape(action)[0], self.stochastic_size))
    prior = self.transition(state, action, noise[0])
    if embedding is None:
      return prior, prior
    projected = self.project(embedding)
    return prior, self.posterior(state, action, prior, projected, noise[1])

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
      projected, action, prior_noise, posterior_noise = inputs
      prior = self.transition(state, action, prior_noise)
      return prior, self.posterior(
        state, action, prior, (projected, shared), posterior_noise
      )

    projected, shared = self.project(embedding)
    inputs = (projected, actions, noise[0], noise[1])
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


def _scan(step: Callable, initial: Nested, inputs: Nested) -> Nested:
  """Runs `step` over time; inputs and outputs are [B, T, ..].

  A `tf.while_loop` over TensorArrays, as it traces several times faster than
  `tf.scan` or an unrolled loop and runs as fast.
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
  ) -> tuple:
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
  """Swaps the first two dimensions."""
  rest = list(range(2, tensor.shape.rank))
  return tf.transpose(tensor, [1, 0, *rest])
