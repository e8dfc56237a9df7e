"""Compiled functions of an agent, with named tensors as inputs and outputs.

    initial_state   batch size -> state
    act             image, state -> action, next state, plan
    observe         images, actions -> posterior states
    imagine         state, actions -> predicted images and rewards
    reconstruct     images, actions -> reconstructed images and rewards

A SavedModel contains these functions.

    N environments   B batch   T time   H horizon   I iterations   A action size
"""

import inspect
from collections.abc import Callable, Mapping
from typing import TypeVar

import tensorflow as tf

from planet_tf.agent import PlanetAgent
from planet_tf.exporting.weights import FullWeights, Weights

Tensors = dict[str, tf.Tensor]
_Entry = TypeVar('_Entry')

# Prefix of the names of a state's entries in inputs and outputs.
_PREFIX = 'state_'


class AgentFunctions(tf.Module):
  """The functions of an agent, for any batch size.

  Each function takes tensors by name and returns a dict of tensors. A state
  consists of one tensor per entry, for example `state_belief`, with equal names
  in inputs and outputs.

  Args:
    agent: The agent.
    weights: Weights of the functions; by default those of the model.
  """

  def __init__(
    self,
    agent: PlanetAgent,
    weights: Weights | None = None,
  ) -> None:
    super().__init__()
    self._agent = agent
    self.weights = weights or FullWeights(agent.model)
    self.initial_state = self._compile(
      self._initial_state, {'batch': tf.TensorSpec((), tf.int32, 'batch')}
    )
    self.act = self._compile(
      self._act, self.act_inputs(), noise_scale=tf.constant(0.0)
    )
    size = agent.model.action_size
    actions = {'action': tf.TensorSpec((None, None, size), name='action')}
    images = {
      'image': tf.TensorSpec((None, None, 64, 64, 3), tf.uint8, 'image')
    }
    self.observe = self._compile(self._observe, images | actions)
    self.reconstruct = self._compile(self._reconstruct, images | actions)
    self.imagine = self._compile(self._imagine, self._state() | actions)

  def act_inputs(self, batch: int | None = None) -> dict[str, tf.TensorSpec]:
    """Returns the inputs of `act` by name, for a fixed or any batch size N."""
    return {
      'image': tf.TensorSpec((batch, 64, 64, 3), tf.uint8, 'image'),
      **self._state(batch),
      'reset': tf.TensorSpec((batch,), tf.bool, 'reset'),
      'seed': tf.TensorSpec((2,), tf.int32, 'seed'),
      'noise_scale': tf.TensorSpec((), tf.float32, 'noise_scale'),
    }

  def _state(self, batch: int | None = None) -> dict[str, tf.TensorSpec]:
    return {
      name: tf.TensorSpec((batch, size), name=name)
      for name, size in prefixed(self._agent.state_sizes).items()
    }

  def _initial_state(self, batch: tf.Tensor) -> Tensors:
    """Returns states before the first image of an episode, [N, ..]."""
    return prefixed(self._agent.initial_state(batch))

  def _act(
    self,
    *,
    image: tf.Tensor,
    reset: tf.Tensor,
    seed: tf.Tensor,
    noise_scale: tf.Tensor,
    **state: tf.Tensor,
  ) -> Tensors:
    """Chooses actions for the current images.

    Args:
      image: Current images, uint8 [N, 64, 64, 3].
      reset: Whether an episode starts with the image, [N]; if so, the function
        replaces the state by the initial state.
      seed: Stateless seed [2]; use another one for each call.
      noise_scale: Standard deviation of the action noise.
      **state: State returned by the previous call, [N, ..].

    Returns:
      `action` [N, A], the next state, and the plan: `plan_mean` and
      `plan_stddev` [N, H, A], `plan_returns` and `plan_elite_returns` [N, I].
    """
    state = {
      name: tf.where(reset[:, None], tf.zeros_like(tensor), tensor)
      for name, tensor in unprefixed(state).items()
    }
    action, state, plan = self._agent.perform(image, state, seed, noise_scale)
    return {
      'action': action,
      **prefixed(state),
      'plan_mean': plan.mean,
      'plan_stddev': plan.stddev,
      'plan_returns': tf.transpose(plan.returns),
      'plan_elite_returns': tf.transpose(plan.elite_returns),
    }

  def _observe(self, *, image: tf.Tensor, action: tf.Tensor) -> Tensors:
    """Returns posterior states of sequences, [B, T, ..]; samples are means.

    Args:
      image: Images, uint8 [B, T, 64, 64, 3].
      action: Actions that caused the images, [B, T, A]; zeros for the first
        image of an episode.
    """
    return prefixed({**self._posterior(image, action), 'action': action})

  def _reconstruct(self, *, image: tf.Tensor, action: tf.Tensor) -> Tensors:
    """Decodes posterior states of sequences; arguments as `observe`.

    Returns:
      `image` uint8 [B, T, 64, 64, 3] and `reward` [B, T].
    """
    return self._decode(self._posterior(image, action))

  def _imagine(self, *, action: tf.Tensor, **state: tf.Tensor) -> Tensors:
    """Predicts images and rewards from actions; latent samples are means.

    Args:
      action: Future actions [B, T, A].
      **state: State before the first action, [B, ..].

    Returns:
      `image` uint8 [B, T, 64, 64, 3] and `reward` [B, T].
    """
    state = unprefixed(state)
    del state['action']
    return self._decode(self._agent.model.imagine(state, action))

  def _posterior(self, image: tf.Tensor, action: tf.Tensor) -> Tensors:
    model = self._agent.model
    images = model.preprocess(image)
    return model.observe(images, action)[1]

  def _decode(self, state: Tensors) -> Tensors:
    predicted = self._agent.model.predict_heads(state)
    image = tf.round((predicted['image'] + 0.5) * 255.0)
    return {
      'image': tf.cast(tf.clip_by_value(image, 0, 255), tf.uint8),
      'reward': predicted['reward'],
    }

  def _compile(
    self,
    function: Callable[..., Tensors],
    inputs: Mapping[str, tf.TensorSpec],
    **defaults: tf.Tensor,
  ) -> Callable[..., Tensors]:
    """Returns a tf.function whose parameter names are those of the inputs."""

    def call(*tensors: tf.Tensor) -> Tensors:
      with self.weights.in_place():
        return function(**dict(zip(inputs, tensors, strict=True)))

    call.__name__ = function.__name__.removeprefix('_')
    parameters = [
      inspect.Parameter(
        name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=defaults.get(name, inspect.Parameter.empty),
      )
      for name in inputs
    ]
    signature = inspect.Signature(parameters)
    setattr(call, '__signature__', signature)  # noqa: B010
    return tf.function(
      call,
      input_signature=list(inputs.values()),
      jit_compile=self._agent.model.jit or None,
      autograph=False,
    )


def prefixed(state: Mapping[str, _Entry]) -> dict[str, _Entry]:
  """Returns the entries of a state with the prefix `state_`."""
  return {_PREFIX + name: tensor for name, tensor in state.items()}


def unprefixed(state: Mapping[str, _Entry]) -> dict[str, _Entry]:
  """Returns the entries of a state without the prefix `state_`."""
  return {name.removeprefix(_PREFIX): x for name, x in state.items()}
