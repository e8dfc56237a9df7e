"""Scores of an agent over several episodes."""

from collections.abc import Callable, Collection, Sequence

import numpy as np

from planet_tf.agent import PlanetAgent
from planet_tf.control.simulate import Envs, Episode, simulate
from planet_tf.training.seeds import make_integer_seed, make_seed


def run_episodes(
  agent: PlanetAgent,
  envs: Envs,
  episodes: int,
  seed: int,
  *,
  on_decision: Callable[[], None] | None = None,
) -> list[Episode]:
  """Lets the agent act without exploration.

  Args:
    agent: The agent.
    envs: Environments; as many run side by side as there are.
    episodes: Number of episodes.
    seed: Seed of environments and planner.
    on_decision: Called after each decision.

  Returns:
    The episodes.
  """
  result = []
  while len(result) < episodes:
    first = len(result)
    indices = range(first, min(first + envs.count, episodes))
    policy = agent.policy(make_seed(seed, 'evaluate', first))
    seeds = [make_integer_seed(seed, 'evaluate', index) for index in indices]
    result += simulate(envs, policy, seeds, on_decision).episodes
  return result


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


def video_frames(episode: Episode, scale: int = 4) -> np.ndarray:
  """Frames of an episode, enlarged; uint8 [T, scale * 64, scale * 64, 3]."""
  return episode['image'].repeat(scale, 1).repeat(scale, 2)
