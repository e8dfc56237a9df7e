"""Scores of a policy over several episodes."""

import dataclasses
from collections.abc import Callable, Collection, Sequence

import numpy as np

from planet_tf.control.simulate import (
  Envs,
  Episode,
  Policy,
  simulate,
)
from planet_tf.training.seeds import make_integer_seed, make_seed

# Makes the policy of some episodes side by side from a stateless seed, int32
# [2], and the seeds of their environments.
MakePolicy = Callable[[np.ndarray, Sequence[int]], Policy]


@dataclasses.dataclass
class Scores:
  """Episodes and how they came about.

  Attributes:
    episodes: The episodes.
    seeds: Seed of the environment of each.
    decisions: Decisions, counted once for environments side by side.
    policy_seconds: Wall time spent choosing actions.
    env_seconds: Wall time spent waiting for environments.
  """

  episodes: list[Episode] = dataclasses.field(default_factory=list)
  seeds: list[int] = dataclasses.field(default_factory=list)
  decisions: int = 0
  policy_seconds: float = 0.0
  env_seconds: float = 0.0

  def describe(self) -> dict[str, object]:
    """Statistics, every return, seed and length, seconds; JSON values."""
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
  """Acts without exploration, in as many environments as there are.

  Args:
    make_policy: Makes the policies.
    envs: Environments.
    episodes: Number of episodes.
    seed: Seed of environments and actions.
    on_decision: Called after each decision.
    first: Number of the first of them that is run; 0 for all.

  Returns:
    The episodes and their scores.
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


def suffix(*parts: tuple[str, Collection[str]]) -> str:
  """Ends the name of a metric that a run has for several things.

  Args:
    *parts: A name, and all names beside which it stands, for each kind of
      thing.

  Returns:
    A slash and the name for each part that is one of several.
  """
  return ''.join(f'/{name}' for name, names in parts if name and len(names) > 1)


def returns_of(episodes: Sequence[Episode]) -> list[float]:
  """Sum of rewards of each episode."""
  return [float(np.sum(episode['reward'])) for episode in episodes]


def describe_returns(returns: Sequence[float]) -> dict[str, object]:
  """Statistics of returns: mean, median, percentiles and every single one."""
  low, median, high = np.percentile(returns, (5, 50, 95))
  return {
    'episodes': len(returns),
    'mean': float(np.mean(returns)),
    'median': float(median),
    'percentile_5': float(low),
    'percentile_95': float(high),
    'returns': [float(value) for value in returns],
  }
