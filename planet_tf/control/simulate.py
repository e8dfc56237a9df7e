"""Runs a policy in environments and records the episodes.

Source: original: control/simulate.py, control/random_episodes.py and the
wrapper CollectGymDataset.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import dm_env
import numpy as np
from dm_env import specs

from planet_tf.envs import PaddedEnvs, ParallelEnvs

Envs = ParallelEnvs | PaddedEnvs
Episode = dict[str, np.ndarray]


def action_bounds(
  spec: specs.BoundedArray,
) -> tuple[np.ndarray, np.ndarray]:
  """Lower and upper bound of each action, both float32 [A]."""
  minimum = np.broadcast_to(spec.minimum, spec.shape)
  maximum = np.broadcast_to(spec.maximum, spec.shape)
  return minimum.astype(np.float32), maximum.astype(np.float32)


class Policy(Protocol):
  """Chooses actions for a batch of environments."""

  def initial_state(self, batch: int) -> Any:
    """State before an episode's first observation, for N environments."""

  def step(
    self, images: np.ndarray, state: Any, decision: int
  ) -> tuple[np.ndarray, Any]:
    """Actions [N, A] for images uint8 [N, 64, 64, 3], and the next state."""


class RandomPolicy:
  """Draws actions uniformly between the bounds of the environment.

  Args:
    minimum: Lower bound of each action [A].
    maximum: Upper bound of each action [A].
    seeds: One seed per environment, so that an episode does not depend on
      what runs beside it.
  """

  def __init__(
    self, minimum: np.ndarray, maximum: np.ndarray, seeds: Sequence[int]
  ) -> None:
    self._minimum = minimum
    self._maximum = maximum
    self._generators = [np.random.default_rng(seed) for seed in seeds]

  def initial_state(self, batch: int) -> None:
    """Random actions need no state."""
    return None

  def step(
    self, images: np.ndarray, state: None, decision: int
  ) -> tuple[np.ndarray, None]:
    """Uniform actions [N, A]."""
    actions = [
      generator.uniform(self._minimum, self._maximum)
      for generator in self._generators
    ]
    return np.stack(actions).astype(np.float32), None


class Simulation(NamedTuple):
  """What `simulate` returns.

  Attributes:
    episodes: One recorded episode per environment.
    policy_seconds: Wall time spent choosing actions.
    env_seconds: Wall time spent in the environments.
    decisions: Decisions taken, counted once for all environments.
  """

  episodes: list[Episode]
  policy_seconds: float
  env_seconds: float
  decisions: int


def simulate(
  envs: Envs,
  policy: Policy,
  seeds: Sequence[int],
  on_decision: Callable[[], None] | None = None,
) -> Simulation:
  """Runs one episode in each of the first N environments, side by side.

  Args:
    envs: Environments, at least N of them.
    policy: Policy that acts in all of them.
    seeds: One seed per environment, so N seeds.
    on_decision: Called after each decision, to show progress.

  Returns:
    The episodes with T = decisions + 1 steps each. The action and reward of
    step t are those that caused observation t; step 0 has zeros.
  """
  start = time.perf_counter()
  current = envs.reset(seeds)
  env_seconds = time.perf_counter() - start
  policy_seconds = 0.0
  zeros = np.zeros(envs.action_spec.shape, np.float32)
  records = [[_transition(step, zeros)] for step in current]
  state = policy.initial_state(len(seeds))
  decision = 0
  while not all(step.last() for step in current):
    start = time.perf_counter()
    images = np.stack([step.observation['image'] for step in current])
    actions, state = policy.step(images, state, decision)
    actions = np.asarray(actions)
    middle = time.perf_counter()
    running = [not step.last() for step in current]
    results = envs.step(
      [
        action if on else None
        for action, on in zip(actions, running, strict=True)
      ]
    )
    env_seconds += time.perf_counter() - middle
    policy_seconds += middle - start
    for index, result in enumerate(results):
      if result is not None:
        current[index] = result
        records[index].append(_transition(result, actions[index]))
    decision += 1
    if on_decision:
      on_decision()
  episodes = [_stack(record) for record in records]
  return Simulation(episodes, policy_seconds, env_seconds, decision)


def _transition(
  step: dm_env.TimeStep, action: np.ndarray
) -> Mapping[str, np.ndarray]:
  return {
    **step.observation,
    'action': np.asarray(action, np.float32),
    'reward': np.float64(step.reward or 0.0),
  }


def _stack(record: Sequence[Mapping[str, np.ndarray]]) -> Episode:
  return {key: np.stack([step[key] for step in record]) for key in record[0]}
