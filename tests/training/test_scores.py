"""Tests of scores: statistics, seeds, parallel environments."""

import numpy as np
import pytest

from planet_tf.config import factories, gin_files, model_factories
from planet_tf.control.simulate import RandomPolicy, action_bounds
from planet_tf.envs import ParallelEnvs
from planet_tf.training import scores, seeds


def test_statistics_of_returns():
  result = scores.describe_returns([1.0, 2.0, 3.0, 4.0, 10.0])
  assert result['mean'] == 4.0
  assert result['median'] == 3.0
  assert result['percentile_5'] == pytest.approx(1.2)
  assert result['percentile_95'] == pytest.approx(8.8)
  assert result['returns'] == [1.0, 2.0, 3.0, 4.0, 10.0]
  assert result['episodes'] == 5


def test_run_episodes_returns_different_episodes():
  gin_files.parse(['tasks/dummy.gin', 'scale/debug.gin'])
  model = model_factories.make_world_model(2, seed=0)
  with ParallelEnvs('dummy', 2, duration=4) as envs:
    agent = factories.make_agents(['main'], model, envs)['main']

    def act(seed, seeds):
      return agent.policy(seed)

    first = scores.run_episodes(act, envs, 3, seed=1)
    again = scores.run_episodes(act, envs, 3, seed=1)
    bounds = action_bounds(envs.action_spec)
    random = scores.run_episodes(
      lambda _, seeds: RandomPolicy(*bounds, seeds), envs, 3, seed=1
    )
  assert len(first.episodes) == 3
  described = first.describe()
  assert described['returns'] == again.describe()['returns']
  assert len(set(described['returns'])) == 3
  assert described['lengths'] == [4, 4, 4]
  assert len(set(described['seeds'])) == 3
  assert described['seeds'] == random.seeds
  assert first.decisions == 8  # Two environments, then one.
  actions = np.stack([x['action'] for x in random.episodes])
  assert np.ptp(actions[:, 1:]) > 0.5


def test_seeds_differ_by_run_purpose_and_counter():
  made = {
    tuple(seeds.make_seed(run, purpose, counter))
    for run in (0, 1)
    for purpose in ('a', 'b')
    for counter in (0, 1)
  }
  assert len(made) == 8
  seed = seeds.make_seed(0, 'a', 0)
  assert seed.dtype == np.int32 and seed.shape == (2,)
  assert 0 <= seeds.make_integer_seed(5, 'x', 3) < 2**31
