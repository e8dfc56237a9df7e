"""The agent: filter the latent state, plan in it, explore.

Source: paper, algorithm 2; original: control/mpc_agent.py.
"""

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from planet_tf.control.planning import Plan, ScoreFunction
from planet_tf.control.simulate import decision_seed, group_seed
from planet_tf.data.preprocess import preprocess
from planet_tf.ops.parallel import ROWS_PER_SPLIT, map_chunks, split
from planet_tf.ops.precision import autocast
from planet_tf.ops.random import fold_in, normal, split_seed
from planet_tf.world_model import WorldModel

AgentState = dict[str, tf.Tensor]


class PlanetAgent:
  """Acts in a batch of environments by planning in the world model.

  Collection and evaluation call the same `step`, so that they cannot drift
  apart.

  Args:
    model: The world model.
    planner: `cross_entropy_method` with its settings bound; called with a
      score function, `batch`, `action_size`, `minimum`, `maximum`, and `seed`
      or `noise`.
    minimum: Lower bound of each action [A].
    maximum: Upper bound of each action [A].
  """

  def __init__(
    self,
    model: WorldModel,
    planner: Callable[..., Plan],
    minimum: np.ndarray,
    maximum: np.ndarray,
  ) -> None:
    self.model = model
    self.planner = planner
    self.minimum = np.asarray(minimum, np.float32)
    self.maximum = np.asarray(maximum, np.float32)
    self.traces = 0
    self._others: dict[tuple, PlanetAgent] = {}
    self._compiled = tf.function(
      self._traced_step,
      input_signature=self._signature(),
      jit_compile=model.jit or None,
      autograph=False,
    )

  def with_planner(self, **settings: int) -> 'PlanetAgent':
    """The same agent with other settings of its planner.

    Args:
      **settings: Such as `candidates=100`; the others stay.

    Returns:
      An agent; always the same one for the same settings, so that each is
      compiled once.
    """
    key = tuple(sorted(settings.items()))
    if key not in self._others:
      planner = functools.partial(self.planner, **settings)
      other = PlanetAgent(self.model, planner, self.minimum, self.maximum)
      self._others[key] = other
    return self._others[key]

  @property
  def state_sizes(self) -> dict[str, int]:
    """Sizes of a state's entries: the latent state and the last action."""
    sizes = self.model.dynamics.state_sizes
    return {**sizes, 'action': self.model.action_size}

  def initial_state(self, batch: int) -> AgentState:
    """State before an episode's first observation: all zeros.

    Args:
      batch: Number of environments N.

    Returns:
      Latent state and previous action, tensors [N, ..].
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
      seed: Stateless seed, int32 [2], new for each step.
      exploration: Standard deviation of the action noise.

    Returns:
      Actions [N, A] to execute, the next agent state, and the plan.
    """
    exploration = tf.convert_to_tensor(exploration, tf.float32)
    return self._compiled(image, state, seed, exploration)

  def policy(self, seed: np.ndarray, exploration: float = 0.0) -> 'AgentPolicy':
    """The agent as a policy for `control.simulate`.

    Args:
      seed: Stateless seed, int32 [2], of the whole episode.
      exploration: Standard deviation of the action noise.

    Returns:
      The policy.
    """
    return AgentPolicy(self, seed, exploration)

  def perform(
    self,
    image: tf.Tensor,
    state: AgentState,
    seed: tf.Tensor | None,
    exploration: tf.Tensor,
    noise: Mapping[str, tf.Tensor] | None = None,
  ) -> tuple[tf.Tensor, AgentState, Plan]:
    """The computation behind `step`.

    Args:
      image: Current images, uint8 [N, 64, 64, 3].
      state: Agent state.
      seed: Stateless seed, int32 [2]; unused if there is noise.
      exploration: Standard deviation of the action noise, scalar.
      noise: All noise instead of a seed: `dequantisation` [N, 64, 64, 3]
        in [0, 1 / bins), `posterior` [N, S], `candidates` [I, N, J, H, A],
        `rollouts` [I, H, N * J, S], `exploration` [N, A].

    Returns:
      As `step`.
    """
    batch = image.shape[0]
    if batch is None:
      batch = tf.shape(image)[0]
    if noise is None:
      seeds = split_seed(seed, 5)
      size = self.model.dynamics.stochastic_size
      dequantisation = {'seed': seeds[0]}
      posterior = normal((batch, size), seeds[1])
      candidates = {'seed': seeds[2]}
      explore = normal((batch, self.model.action_size), seeds[4])
    else:
      seeds = None
      dequantisation = {'noise': noise['dequantisation']}
      posterior = noise['posterior']
      candidates = {'noise': noise['candidates']}
      explore = noise['exploration']
    image = preprocess(image, self.model.image_bits, **dequantisation)
    latent = self.filter(image, state, posterior)
    with autocast(self.model.precision):
      plan = self.planner(
        self._score_function(latent, seeds, noise),
        batch=batch,
        action_size=self.model.action_size,
        minimum=self.minimum,
        maximum=self.maximum,
        **candidates,
      )
    action = plan.action + exploration * explore
    action = tf.clip_by_value(action, self.minimum, self.maximum)
    return action, {**latent, 'action': action}, plan

  def filter(
    self, image: tf.Tensor, state: AgentState, noise: tf.Tensor
  ) -> AgentState:
    """Posterior of the current step.

    Args:
      image: Preprocessed images [N, 64, 64, 3].
      state: Agent state.
      noise: Standard normal noise of the sample [N, S].

    Returns:
      Latent state, tensors [N, ..].
    """
    dynamics = self.model.dynamics
    embedding = self.model.embed(image)
    # The prior's sample is replaced by the posterior's, so it needs no noise.
    noise = tf.stack([tf.zeros_like(noise), noise])
    _, posterior = dynamics(state, state['action'], embedding, noise)
    return posterior

  def _score_function(
    self,
    latent: AgentState,
    seeds: tf.Tensor | None,
    noise: Mapping[str, tf.Tensor] | None,
  ) -> ScoreFunction:
    """Rates candidates by the return that the model predicts."""
    num_splits = self.model.num_splits

    def part(
      latent: AgentState, actions: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
      """Returns of some environments' candidates, in num_splits."""
      returns = [
        self.model.score(
          latent, each, self._rollout_noise(each, fold_in(seed, chain))
        )
        for chain, each in enumerate(split(actions, num_splits, 1))
      ]
      return tf.concat(returns, 1)

    def score(actions: tf.Tensor, iteration: tf.Tensor) -> tf.Tensor:
      if noise is not None:
        return self.model.score(latent, actions, noise['rollouts'][iteration])
      seed = fold_in(seeds[3], iteration)
      if num_splits == 1:
        return part(latent, actions, seed)
      returns = map_chunks(
        lambda chunk, index: part(*chunk, fold_in(seed, index)),
        (latent, actions),
        max(1, ROWS_PER_SPLIT * num_splits // actions.shape[1]),
      )
      return tf.ensure_shape(returns, actions.shape[:2])

    return score

  def _rollout_noise(
    self, actions: tf.Tensor, seed: tf.Tensor
  ) -> tf.Tensor | None:
    """Noise [H, N * J, S] for the predictions of candidates [N, J, H, A]."""
    dynamics = self.model.dynamics
    if dynamics.mean_only:
      return None
    count = tf.shape(actions)[0] * actions.shape[1]
    shape = (actions.shape[2], count, dynamics.stochastic_size)
    return normal(shape, seed)

  def _traced_step(
    self,
    image: tf.Tensor,
    state: AgentState,
    seed: tf.Tensor,
    exploration: tf.Tensor,
  ) -> tuple[tf.Tensor, AgentState, Plan]:
    self.traces += 1  # Runs while tracing only; a test counts it.
    return self.perform(image, state, seed, exploration)

  def _signature(self) -> list:
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


class AgentPolicy:
  """An agent with the seed and exploration of one episode.

  Args:
    agent: The agent.
    seed: Stateless seed, int32 [2].
    exploration: Standard deviation of the action noise.
  """

  def __init__(
    self, agent: PlanetAgent, seed: np.ndarray, exploration: float
  ) -> None:
    self._agent = agent
    self._seed = seed
    self._exploration = exploration

  def part(self, number: int, indices: Sequence[int]) -> 'AgentPolicy':
    """The policy of a group of environments, with a seed of its own."""
    del indices
    seed = group_seed(self._seed, number)
    return AgentPolicy(self._agent, seed, self._exploration)

  def initial_state(self, batch: int) -> AgentState:
    """State before an episode's first observation."""
    return self._agent.initial_state(batch)

  def step(
    self, images: np.ndarray, state: AgentState, decision: int
  ) -> tuple[np.ndarray, AgentState]:
    """Actions [N, A] for images uint8 [N, 64, 64, 3], and the next state."""
    seed = decision_seed(self._seed, decision)
    action, state, _ = self._agent.step(
      images, state, seed=seed, exploration=self._exploration
    )
    return action.numpy(), state
