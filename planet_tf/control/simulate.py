"""Rollouts: runs a policy in environments and records the episodes.

Original: control/simulate.py, control/random_episodes.py and the wrapper
CollectGymDataset.
"""

import collections
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any, NamedTuple, Protocol

import dm_env
import numpy as np
from dm_env import specs

from planet_tf.data.episodes import Episode
from planet_tf.envs import PaddedEnvs, ParallelEnvs

Envs = ParallelEnvs | PaddedEnvs
_Record = list[Mapping[str, np.ndarray]]  # Steps of an episode.


def action_bounds(
  spec: specs.BoundedArray,
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the lower and upper bounds of the actions, float32 [A] each."""
  minimum = np.broadcast_to(spec.minimum, spec.shape)
  maximum = np.broadcast_to(spec.maximum, spec.shape)
  return minimum.astype(np.float32), maximum.astype(np.float32)


class Policy(Protocol):
  """Chooses actions for a batch of environments."""

  def initial_state(self, batch: int) -> Any:
    """Returns the state before the first observation, for N environments."""

  def step(
    self, images: np.ndarray, state: Any, decision: int
  ) -> tuple[np.ndarray, Any]:
    """Returns actions [N, A] and the next state.

    Args:
      images: Observations, uint8 [N, 64, 64, 3].
      state: State from the previous decision.
      decision: Number of the decision, from 0.
    """

  def part(self, number: int, indices: Sequence[int]) -> 'Policy':
    """Returns the policy for the environments of one group.

    Args:
      number: Number of the group, from 0.
      indices: Indices of its environments.
    """


def group_seed(seed: np.ndarray, number: int) -> np.ndarray:
  """Returns the seed of a group from the seed of all groups, int32 [2]."""
  return np.array([seed[0] ^ number << 24, seed[1]], np.int32)


def decision_seed(seed: np.ndarray, decision: int) -> np.ndarray:
  """Returns the seed of a decision from that of the episode, int32 [2]."""
  return seed + np.array([0, decision], np.int32)


class RandomPolicy:
  """Draws actions uniformly between their bounds.

  Args:
    minimum: Lower bound of each action [A].
    maximum: Upper bound of each action [A].
    seeds: One seed per environment, so that an episode does not depend on the
      other environments.
  """

  def __init__(
    self, minimum: np.ndarray, maximum: np.ndarray, seeds: Sequence[int]
  ) -> None:
    self._minimum = minimum
    self._maximum = maximum
    self._seeds = seeds
    self._generators = [np.random.default_rng(seed) for seed in seeds]

  def part(self, number: int, indices: Sequence[int]) -> 'RandomPolicy':
    """Returns the policy for the environments with these indices."""
    seeds = [self._seeds[index] for index in indices]
    return RandomPolicy(self._minimum, self._maximum, seeds)

  def initial_state(self, batch: int) -> None:
    """Returns None, because random actions need no state."""
    return None

  def step(
    self, images: np.ndarray, state: None, decision: int
  ) -> tuple[np.ndarray, None]:
    """Returns uniform actions [N, A]."""
    actions = [
      generator.uniform(self._minimum, self._maximum)
      for generator in self._generators
    ]
    return np.stack(actions).astype(np.float32), None


class Simulation(NamedTuple):
  """Result of `simulate`.

  Attributes:
    episodes: One recorded episode per environment.
    policy_seconds: Wall time of choosing actions.
    env_seconds: Wall time of waiting for the environments.
    decisions: Decisions of the longest episode.
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
  """Runs one episode in each of the first N environments, in parallel.

  With several groups (`envs.groups`), the policy acts for one group while
  another one steps and renders.

  Args:
    envs: At least N environments.
    policy: Policy that acts in all of them.
    seeds: N seeds, one per environment.
    on_decision: Called after each decision, to show progress.

  Returns:
    The episodes, with T = decisions + 1 steps each. The action and reward of
    step t are those that caused observation t; step 0 has zeros.
  """
  start = time.perf_counter()
  first = envs.reset(seeds)
  env_seconds = time.perf_counter() - start
  policy_seconds = 0.0
  zeros = np.zeros(envs.action_spec.shape, np.float32)
  records: list[_Record] = [[_transition(step, zeros)] for step in first]
  parts = np.array_split(np.arange(len(seeds)), min(envs.groups, len(seeds)))
  groups = collections.deque(
    _Group(policy.part(number, part.tolist()), part.tolist(), first)
    for number, part in enumerate(parts)
  )
  decisions = 0
  # One thread, because the environments accept one call at a time.
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
  """Environments for which the policy acts in one batch.

  Args:
    policy: The policy of this group.
    indices: Indices of its environments.
    first: First time steps of all environments.
  """

  def __init__(
    self,
    policy: Policy,
    indices: Sequence[int],
    first: Sequence[dm_env.TimeStep],
  ) -> None:
    self._policy = policy
    self._indices = indices
    self._current = [first[index] for index in indices]
    self._state = policy.initial_state(len(indices))
    self._actions = np.empty((len(indices), 0))
    self.decisions = 0
    self.pending: futures.Future[list[dm_env.TimeStep | None]] | None = None

  @property
  def finished(self) -> bool:
    """Whether all episodes have ended."""
    return all(step.last() for step in self._current)

  def act(self, count: int) -> list[np.ndarray | None]:
    """Returns actions; None for other groups and ended episodes."""
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

  def receive(self, records: Sequence[_Record]) -> None:
    """Waits for the pending step and records it."""
    if self.pending is None:
      return
    results = self.pending.result()
    for place, index in enumerate(self._indices):
      time_step = results[index]
      if time_step is not None:
        self._current[place] = time_step
        records[index].append(_transition(time_step, self._actions[place]))


def _transition(
  step: dm_env.TimeStep, action: np.ndarray
) -> Mapping[str, np.ndarray]:
  return {
    **step.observation,
    'action': np.asarray(action, np.float32),
    'reward': np.float64(step.reward or 0.0),
  }


def _stack(record: _Record) -> Episode:
  return {key: np.stack([step[key] for step in record]) for key in record[0]}
