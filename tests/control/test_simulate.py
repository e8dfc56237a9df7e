"""Simulation: recording, batches, episodes of different lengths."""

import time

import dm_env
import numpy as np
import pytest
from dm_env import specs

from planet_tf.control.simulate import RandomPolicy, action_bounds, simulate
from planet_tf.envs import ParallelEnvs


class _Envs:
  """Stands in for ParallelEnvs: environment i ends after i + 2 decisions."""

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
  """Acts with 0.1 times the decision, plus 0.01 times the environment."""

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
def test_records_what_caused_each_observation(groups):
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


def test_random_policy_stays_in_bounds_and_fills_them():
  minimum, maximum = np.array([-1.0, 0.0]), np.array([1.0, 3.0])
  policy = RandomPolicy(minimum, maximum, [0, 1])
  images = np.zeros((2, 64, 64, 3), np.uint8)
  actions = np.stack([policy.step(images, None, t)[0] for t in range(500)])
  assert actions.shape == (500, 2, 2)
  assert np.all(actions >= minimum) and np.all(actions <= maximum)
  np.testing.assert_allclose(actions.mean((0, 1)), [0, 1.5], atol=0.1)


@pytest.mark.parametrize('count', [1, 2])
def test_random_episode_depends_on_its_seed_alone(count):
  with ParallelEnvs('dummy', count, duration=5) as envs:
    seeds = [3, 4][:count]
    policy = RandomPolicy(*action_bounds(envs.action_spec), seeds)
    episode = simulate(envs, policy, seeds).episodes[0]
  with ParallelEnvs('dummy', 1, duration=5) as envs:
    policy = RandomPolicy(*action_bounds(envs.action_spec), [3])
    alone = simulate(envs, policy, [3]).episodes[0]
  for key, value in alone.items():
    np.testing.assert_array_equal(value, episode[key])


def test_one_group_is_planned_for_while_another_steps():
  """Each sleeps for 30 ms: in turns that takes half as long as in a row."""

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
  # One group waits 13 times for both, two wait for the slower of them only.
  assert result.env_seconds < 0.4 * seconds[1]


def test_groups_draw_noise_of_their_own():
  from planet_tf.agent import AgentPolicy

  policy = AgentPolicy(None, np.array([2**31 - 1, 5], np.int32), 0.0)
  seeds = {tuple(policy.part(number, [0])._seed) for number in range(4)}
  assert len(seeds) == 4
  assert tuple(policy.part(0, [0])._seed) == (2**31 - 1, 5)
