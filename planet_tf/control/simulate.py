"""Runs a policy in environments and records the episodes.

Source: original: control/simulate.py, control/random_episodes.py and the
wrapper CollectGymDataset.
"""

import collections
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
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

  def part(self, number: int, indices: Sequence[int]) -> 'Policy':
    """The policy of a group, numbered from 0, of these environments."""


def group_seed(seed: np.ndarray, number: int) -> np.ndarray:
  """Seed of a group of environments, from that of all of them, int32 [2]."""
  return np.array([seed[0] ^ number << 24, seed[1]], np.int32)


def decision_seed(seed: np.ndarray, decision: int) -> np.ndarray:
  """Seed of a decision, from that of the episode, int32 [2]."""
  return seed + np.array([0, decision], np.int32)


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
    self._seeds = seeds
    self._generators = [np.random.default_rng(seed) for seed in seeds]

  def part(self, number: int, indices: Sequence[int]) -> 'RandomPolicy':
    """The policy of the environments with these indices."""
    seeds = [self._seeds[index] for index in indices]
    return RandomPolicy(self._minimum, self._maximum, seeds)

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
    env_seconds: Wall time spent waiting for the environments.
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

  With several groups (`envs.groups`) one is planned for while another steps
  and renders.

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
  first = envs.reset(seeds)
  env_seconds = time.perf_counter() - start
  policy_seconds = 0.0
  zeros = np.zeros(envs.action_spec.shape, np.float32)
  records = [[_transition(step, zeros)] for step in first]
  parts = np.array_split(np.arange(len(seeds)), min(envs.groups, len(seeds)))
  groups = collections.deque(
    _Group(policy.part(number, part), part, first)
    for number, part in enumerate(parts)
  )
  decisions = 0
  # One thread: the environments are used by one caller at a time.
  with futures.ThreadPoolExecutor(1, 'environments') as thread:
    while groups:
      group = groups.popleft()
      start = time.perf_counter()
      group.receive(records)
      middle = time.perf_counter()
      env_seconds += middle - start
      if group.finished:
        continue
      actions = group.act(len(seeds))
      policy_seconds += time.perf_counter() - middle
      group.pending = thread.submit(envs.step, actions)
      groups.append(group)
      if group.decisions > decisions:
        decisions = group.decisions
        if on_decision:
          on_decision()
  episodes = [_stack(record) for record in records]
  return Simulation(episodes, policy_seconds, env_seconds, decisions)


class _Group:
  """Environments for which a policy acts at the same time.

  Args:
    policy: The policy.
    indices: Which of all environments they are.
    first: First time steps of all environments.
  """

  def __init__(
    self, policy: Policy, indices: np.ndarray, first: Sequence[dm_env.TimeStep]
  ) -> None:
    self._policy = policy
    self._indices = indices
    self._current = [first[index] for index in indices]
    self._state = policy.initial_state(len(indices))
    self._actions = None
    self.decisions = 0
    self.pending: futures.Future | None = None

  @property
  def finished(self) -> bool:
    """Whether all episodes are over."""
    return all(step.last() for step in self._current)

  def act(self, count: int) -> list[np.ndarray | None]:
    """Chooses actions; None for other environments and where it is over."""
    images = np.stack([step.observation['image'] for step in self._current])
    actions, self._state = self._policy.step(
      images, self._state, self.decisions
    )
    self._actions = np.asarray(actions)
    self.decisions += 1
    result: list[np.ndarray | None] = [None] * count
    for place, index in enumerate(self._indices):
      if not self._current[place].last():
        result[index] = self._actions[place]
    return result

  def receive(self, records: Sequence[list]) -> None:
    """Waits for the environments and records what they did."""
    if self.pending is None:
      return
    results = self.pending.result()
    for place, index in enumerate(self._indices):
      if results[index] is not None:
        self._current[place] = results[index]
        records[index].append(_transition(results[index], self._actions[place]))


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
