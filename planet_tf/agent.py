"""Agent: filters the latent state, plans in it, and explores.

Source: paper, algorithm 2; original: control/mpc_agent.py.

    N environments   J candidates   I iterations   H horizon
    A action size   S stochastic size
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from planet_tf.control.planning import Plan, Planner
from planet_tf.control.simulate import decision_seed, group_seed
from planet_tf.ops.random import fold_in, normal, split_seed
from planet_tf.world_model import WorldModel

AgentState = dict[str, tf.Tensor]

# Random numbers of a decision, in the order of their seeds.
_NOISE = (
  'dequantization',
  'posterior',
  'candidates',
  'rollouts',
  'exploration',
)


class PlanetAgent:
  """Acts in a batch of environments by planning in the world model.

  Collection, evaluation and exports use the same computation.

  Args:
    model: The world model.
    planner: The planner.
    minimum: Lower bound of each action [A].
    maximum: Upper bound of each action [A].
  """

  def __init__(
    self,
    model: WorldModel,
    planner: Planner,
    minimum: np.ndarray,
    maximum: np.ndarray,
  ) -> None:
    self.model = model
    self.planner = planner
    self.minimum = np.asarray(minimum, np.float32)
    self.maximum = np.asarray(maximum, np.float32)
    self.traces = 0
    self._compiled = tf.function(
      self._traced_step,
      input_signature=self._signature(),
      jit_compile=model.jit or None,
      autograph=False,
    )

  @property
  def state_sizes(self) -> dict[str, int]:
    """Sizes of a state's tensors: the latent state and the last action."""
    sizes = self.model.dynamics.state_sizes
    return {**sizes, 'action': self.model.action_size}

  def initial_state(self, batch: int) -> AgentState:
    """Returns the state before an episode's first observation.

    Args:
      batch: Number of environments N; all tensors are zeros [N, ..].
    """
    action = tf.zeros((batch, self.model.action_size))
    return {**self.model.dynamics.zero_state(batch), 'action': action}

  def step(
    self,
    image: np.ndarray | tf.Tensor,
    state: AgentState,
    *,
    seed: np.ndarray | tf.Tensor,
    exploration: float = 0.0,
  ) -> tuple[tf.Tensor, AgentState, Plan]:
    """Chooses the next actions; compiled, and traced once for all N.

    Args:
      image: Current images, uint8 [N, 64, 64, 3].
      state: Agent state from the last step or from `initial_state`.
      seed: Stateless seed, int32 [2], different in each step.
      exploration: Standard deviation of the action noise.

    Returns:
      Actions [N, A] to execute, the next agent state, and the plan.
    """
    exploration = tf.convert_to_tensor(exploration, tf.float32)
    return self._compiled(image, state, seed, exploration)

  def policy(self, seed: np.ndarray, exploration: float = 0.0) -> 'AgentPolicy':
    """Returns the agent as a policy for `control.simulate`.

    Args:
      seed: Stateless seed, int32 [2], of the whole episode.
      exploration: Standard deviation of the action noise.
    """
    return AgentPolicy(self, seed, exploration)

  def perform(
    self,
    image: tf.Tensor,
    state: AgentState,
    seed: tf.Tensor | None,
    exploration: tf.Tensor | float,
    noise: Mapping[str, tf.Tensor] | None = None,
  ) -> tuple[tf.Tensor, AgentState, Plan]:
    """Computes `step`, for callers that compile it themselves.

    Args:
      image: Current images, uint8 [N, 64, 64, 3].
      state: Agent state.
      seed: Stateless seed, int32 [2]; None if there is noise.
      exploration: Standard deviation of the action noise, scalar.
      noise: All random numbers instead of a seed: `dequantization`
        [N, 64, 64, 3] in [0, 2**-bits), and standard normal noise: `posterior`
        [N, S], `candidates` [I, N, J, H, A], `rollouts` [I, H, N * J, S] and
        `exploration` [N, A].

    Returns:
      As `step`.
    """
    model, random = self.model, _random_sources(seed, noise)
    batch = tf.shape(image)[0] if image.shape[0] is None else image.shape[0]
    image = model.preprocess(image, **random['dequantization'])
    latent = model.observe_step(
      image, state['action'], state, **random['posterior']
    )

    def score(actions: tf.Tensor, iteration: tf.Tensor) -> tf.Tensor:
      if noise is not None:
        rollouts = noise['rollouts'][iteration]
        return model.score(latent, actions, noise=rollouts)
      rollout_seed = fold_in(random['rollouts']['seed'], iteration)
      return model.score(latent, actions, seed=rollout_seed)

    plan = self.planner(
      score,
      batch=batch,
      action_size=model.action_size,
      minimum=self.minimum,
      maximum=self.maximum,
      **random['candidates'],
    )
    if noise is None:
      explore = normal((batch, model.action_size), **random['exploration'])
    else:
      explore = noise['exploration']
    action = plan.action + exploration * explore
    action = tf.clip_by_value(action, self.minimum, self.maximum)
    return action, {**latent, 'action': action}, plan

  def _traced_step(
    self,
    image: tf.Tensor,
    state: AgentState,
    seed: tf.Tensor,
    exploration: tf.Tensor,
  ) -> tuple[tf.Tensor, AgentState, Plan]:
    self.traces += 1  # Runs only while TensorFlow traces the function.
    return self.perform(image, state, seed, exploration)

  def _signature(self) -> list[Any]:
    state = {
      name: tf.TensorSpec((None, size), tf.float32, name)
      for name, size in self.state_sizes.items()
    }
    return [
      tf.TensorSpec((None, 64, 64, 3), tf.uint8, 'image'),
      state,
      tf.TensorSpec((2,), tf.int32, 'seed'),
      tf.TensorSpec((), tf.float32, 'exploration'),
    ]


class Agent(Protocol):
  """Anything that chooses actions like `PlanetAgent`."""

  def initial_state(self, batch: int) -> AgentState:
    """Returns the state before an episode's first observation."""

  def step(
    self,
    image: np.ndarray | tf.Tensor,
    state: AgentState,
    *,
    seed: np.ndarray | tf.Tensor,
    exploration: float = 0.0,
  ) -> tuple[tf.Tensor, AgentState, Any]:
    """Returns actions, the next state, and the plan."""


class AgentPolicy:
  """Agent with the seed and exploration of one episode.

  Args:
    agent: The agent.
    seed: Stateless seed, int32 [2].
    exploration: Standard deviation of the action noise.
  """

  def __init__(
    self, agent: Agent, seed: np.ndarray, exploration: float
  ) -> None:
    self._agent = agent
    self._seed = seed
    self._exploration = exploration

  def part(self, number: int, indices: Sequence[int]) -> 'AgentPolicy':
    """Returns the policy of a group of environments, with another seed."""
    del indices
    seed = group_seed(self._seed, number)
    return AgentPolicy(self._agent, seed, self._exploration)

  def initial_state(self, batch: int) -> AgentState:
    """Returns the state before an episode's first observation."""
    return self._agent.initial_state(batch)

  def step(
    self, images: np.ndarray, state: AgentState, decision: int
  ) -> tuple[np.ndarray, AgentState]:
    """Returns actions [N, A] for uint8 images, and the next state."""
    seed = decision_seed(self._seed, decision)
    action, state, _ = self._agent.step(
      images, state, seed=seed, exploration=self._exploration
    )
    return action.numpy(), state


def _random_sources(
  seed: tf.Tensor | None, noise: Mapping[str, tf.Tensor] | None
) -> dict[str, dict[str, tf.Tensor]]:
  """Returns a `seed` or `noise` for each kind of random numbers."""
  if noise is not None:
    return {name: {'noise': noise[name]} for name in _NOISE}
  seeds = split_seed(seed, len(_NOISE))
  return {
    name: {'seed': each} for name, each in zip(_NOISE, seeds, strict=True)
  }
