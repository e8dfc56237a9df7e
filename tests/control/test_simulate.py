"""Rollouts: recording, groups, and episodes of different lengths."""

import time

import dm_env
import numpy as np
import pytest
from dm_env import specs

from planet_tf.control.simulate import RandomPolicy, action_bounds, simulate
from planet_tf.envs import ParallelEnvs


class _Envs:
  """Fake ParallelEnvs: environment i ends after i + 2 decisions."""

  groups = 1

  action_spec = specs.BoundedArray((1,), np.float32, -1, 1)

  def reset(self, seeds):
    self.times = [0] * len(seeds)
    return [dm_env.restart(self._observation(0)) for _ in seeds]

  def step(self, actions):
    return [self._step(i, action) for i, action in enumerate(actions)]

  def _step(self, index, action):
    if action is None:
      return None
    self.times[index] += 1
    end = dm_env.termination if self.times[index] == index + 2 else None
    make = end or dm_env.transition
    observation = self._observation(self.times[index])
    return make(reward=float(action[0]), observation=observation)

  def _observation(self, time):
    return {'image': np.full((64, 64, 3), time, np.uint8)}


class _Counting:
  """Policy whose actions are 0.1 * decision + 0.01 * environment."""

  def __init__(self, indices=None):
    self.indices = indices

  def part(self, number, indices):
    return _Counting(np.asarray(indices, np.float32))

  def initial_state(self, batch):
    assert batch == len(self.indices)
    return np.zeros(batch)

  def step(self, images, state, decision):
    assert np.all(state == decision)
    return (0.1 * decision + 0.01 * self.indices)[:, None], state + 1


@pytest.mark.parametrize('groups', [1, 2, 5])
def test_records_action_and_reward_that_caused_observation(groups):
  calls, envs = [], _Envs()
  envs.groups = groups
  result = simulate(envs, _Counting(), [0, 1], lambda: calls.append(1))
  first, second = result.episodes
  assert result.decisions == len(calls) == 3
  assert [len(x['reward']) for x in result.episodes] == [3, 4]
  np.testing.assert_allclose(first['action'][:, 0], [0, 0, 0.1])
  np.testing.assert_allclose(second['action'][:, 0], [0, 0.01, 0.11, 0.21])
  np.testing.assert_allclose(second['reward'], [0, 0.01, 0.11, 0.21], rtol=1e-6)
  assert list(second['image'][:, 0, 0, 0]) == [0, 1, 2, 3]
  assert second['image'].dtype == np.uint8
  assert second['action'].dtype == np.float32
  assert second['reward'].dtype == np.float64


def test_random_policy_is_uniform_within_bounds():
  minimum, maximum = np.array([-1.0, 0.0]), np.array([1.0, 3.0])
  policy = RandomPolicy(minimum, maximum, [0, 1])
  images = np.zeros((2, 64, 64, 3), np.uint8)
  actions = np.stack([policy.step(images, None, t)[0] for t in range(500)])
  assert actions.shape == (500, 2, 2)
  assert np.all(actions >= minimum) and np.all(actions <= maximum)
  np.testing.assert_allclose(actions.mean((0, 1)), [0, 1.5], atol=0.1)


def test_random_episode_depends_only_on_its_seed():
  with ParallelEnvs('dummy', 2, duration=5) as envs:
    episodes = []
    for seeds in ([3], [3, 4], [3]):
      policy = RandomPolicy(*action_bounds(envs.action_spec), seeds)
      episodes.append(simulate(envs, policy, seeds).episodes[0])
  for episode in episodes[1:]:
    for key, value in episodes[0].items():
      np.testing.assert_array_equal(value, episode[key])


def test_policy_acts_while_another_group_steps():
  """Policy and environments sleep for 30 ms each; groups halve the time."""

  class Slow(_Envs):
    def step(self, actions):
      time.sleep(0.03)
      return super().step(actions)

  class Thoughtful(_Counting):
    def part(self, number, indices):
      return Thoughtful(np.asarray(indices, np.float32))

    def step(self, images, state, decision):
      time.sleep(0.03)
      return super().step(images, state, decision)

  seconds = {}
  for groups in (1, 2):
    envs = Slow()
    envs.groups = groups
    start = time.perf_counter()
    result = simulate(envs, Thoughtful(), list(range(12)))
    seconds[groups] = time.perf_counter() - start
    assert [len(x['reward']) for x in result.episodes] == list(range(3, 15))
    assert result.decisions == 13
  # One group takes 13 times both sleeps; two groups overlap them.
  assert result.env_seconds < 0.4 * seconds[1]


def test_groups_have_different_seeds():
  from planet_tf.agent import AgentPolicy

  policy = AgentPolicy(None, np.array([2**31 - 1, 5], np.int32), 0.0)
  seeds = {tuple(policy.part(number, [0])._seed) for number in range(4)}
  assert len(seeds) == 4
  assert tuple(policy.part(0, [0])._seed) == (2**31 - 1, 5)
