"""Scores of a policy over several episodes."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from planet_tf.control.simulate import Envs, Policy, simulate
from planet_tf.data.episodes import Episode
from planet_tf.training.seeds import make_integer_seed, make_seed


class MakePolicy(Protocol):
  """Makes the policy that acts in N environments in parallel."""

  def __call__(self, seed: np.ndarray, env_seeds: Sequence[int], /) -> Policy:
    """Returns a policy.

    Args:
      seed: Stateless seed of the policy, int32 [2].
      env_seeds: Seeds of the N environments.
    """


@dataclasses.dataclass
class Scores:
  """Episodes with their seeds and times.

  Attributes:
    episodes: The episodes.
    seeds: Environment seed of each episode.
    decisions: Decisions, counted once for environments that run in parallel.
    policy_seconds: Wall time spent choosing actions.
    env_seconds: Wall time spent waiting for environments.
  """

  episodes: list[Episode] = dataclasses.field(default_factory=list)
  seeds: list[int] = dataclasses.field(default_factory=list)
  decisions: int = 0
  policy_seconds: float = 0.0
  env_seconds: float = 0.0

  def describe(self) -> dict[str, object]:
    """Returns statistics, returns, seeds, lengths and times as JSON values."""
    return {
      **describe_returns(returns_of(self.episodes)),
      'seeds': self.seeds,
      'lengths': [len(episode['reward']) - 1 for episode in self.episodes],
      'seconds_per_decision': self.policy_seconds / self.decisions,
      'seconds_per_env_decision': self.env_seconds / self.decisions,
    }


def run_episodes(
  make_policy: MakePolicy,
  envs: Envs,
  episodes: int,
  seed: int,
  on_decision: Callable[[], None] | None = None,
  *,
  first: int = 0,
) -> Scores:
  """Runs episodes in all environments in parallel.

  Args:
    make_policy: Makes the policies.
    envs: Environments.
    episodes: Number of episodes.
    seed: Seed of environments and policies.
    on_decision: Called after each decision.
    first: Number of the first episode to run; earlier ones are left out.

  Returns:
    The episodes from `first` to `episodes - 1`.
  """
  scores = Scores()
  for start in range(first, episodes, envs.count):
    indices = range(start, min(start + envs.count, episodes))
    seeds = [make_integer_seed(seed, 'evaluate', index) for index in indices]
    policy = make_policy(make_seed(seed, 'evaluate', start), seeds)
    result = simulate(envs, policy, seeds, on_decision)
    scores.episodes += result.episodes
    scores.seeds += seeds
    scores.decisions += result.decisions
    scores.policy_seconds += result.policy_seconds
    scores.env_seconds += result.env_seconds
  return scores


def returns_of(episodes: Sequence[Episode]) -> list[float]:
  """Returns the sum of rewards of each episode."""
  return [float(np.sum(episode['reward'])) for episode in episodes]


def describe_returns(returns: Sequence[float]) -> dict[str, object]:
  """Returns mean, median, percentiles and all returns as JSON values."""
  low, median, high = np.percentile(returns, (5, 50, 95))
  return {
    'episodes': len(returns),
    'mean': float(np.mean(returns)),
    'median': float(median),
    'percentile_5': float(low),
    'percentile_95': float(high),
    'returns': [float(value) for value in returns],
  }
