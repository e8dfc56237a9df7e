"""Environments of Gymnasium."""

import sys

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from planet_tf.envs import ParallelEnvs, UnknownTask, UnsupportedEnvironment
from planet_tf.envs.gymnasium import GymnasiumEnvironment, load
from planet_tf.envs.registry import find_task


class Walk(gymnasium.Env):
  """A random walk that ends at 3 or after five steps."""

  metadata = {'render_modes': ['rgb_array'], 'render_fps': 20}
  observation_space = spaces.Box(-9, 9, (1,))
  action_space = spaces.Box(-2.0, 2.0, (2,))

  def __init__(self, render_mode=None):
    self.render_mode = render_mode

  def reset(self, seed=None, options=None):
    super().reset(seed=seed)
    self.place, self.steps = self.np_random.normal(size=1), 0
    return self.place.astype(np.float32), {}

  def step(self, action):
    self.place, self.steps = self.place + action[0], self.steps + 1
    observation = self.place.astype(np.float32)
    ended = bool(self.place[0] >= 3)
    return observation, float(action[1]), ended, self.steps == 5, {}

  def render(self):
    return np.full((8, 8, 3), np.uint8(128 + 8 * self.place[0]))


class Pictures(Walk):
  """An environment whose observation is the image."""

  observation_space = spaces.Box(0, 255, (8, 8, 3), np.uint8)

  def reset(self, seed=None, options=None):
    super().reset(seed=seed)
    return self.render(), {}


for made in (Walk, Pictures):
  gymnasium.register(f'{made.__name__}-v0', f'{__name__}:{made.__name__}')


def _make(name):
  return GymnasiumEnvironment(gymnasium.make(name, render_mode='rgb_array'))


def test_time_steps_follow_dm_env():
  env = _make('Walk-v0')
  first = env.reset()
  assert first.first() and first.reward is None
  second = env.step(np.array([0.5, 1.5], np.float32))
  assert second.mid() and second.reward == 1.5 and second.discount == 1
  moved = second.observation['state'] - first.observation['state']
  np.testing.assert_allclose(moved, 0.5, rtol=1e-6)
  assert second.observation['image'].shape == (8, 8, 3)
  assert env.step(np.array([0, 0])).mid()
  env.step(np.array([0, 0])), env.step(np.array([0, 0]))
  last = env.step(np.array([0, 0]))
  assert last.last() and last.discount == 1
  assert env.step(np.array([0, 0])).first()
  ended = env.step(np.array([9, 0]))
  assert ended.last() and ended.discount == 0


def test_specs():
  env = _make('Walk-v0')
  assert env.action_spec().shape == (2,)
  np.testing.assert_array_equal(env.action_spec().maximum, [2, 2])
  assert {k: x.shape for k, x in env.observation_spec().items()} == {
    'state': (1,),
    'image': (8, 8, 3),
  }
  assert set(_make('Pictures-v0').observation_spec()) == {'image'}


def test_equal_seeds_give_equal_episodes():
  env = _make('Walk-v0')
  states = []
  for seed in (3, 4, 3):
    env.seed(seed)
    states.append(env.reset().observation['state'].item())
  assert states[0] == states[2] != states[1]
  assert env.reset().observation['state'].item() != states[0]


def test_registered_id_as_task():
  with ParallelEnvs('gymnasium:HalfCheetah-v5', action_repeat=4) as envs:
    assert envs.action_spec.shape == (6,)
    assert envs.components == {'state': 17}
    assert (envs.action_repeat, envs.duration) == (4, 250)
    (first,) = envs.reset([1])
    (step,) = envs.step([np.full(6, 0.5)])
    image = step.observation['image']
    assert image.shape == (64, 64, 3) and image.std() > 10
    assert np.any(image != first.observation['image'])
    (again,) = envs.reset([1])
    for name, value in first.observation.items():
      np.testing.assert_array_equal(value, again.observation[name])


@pytest.mark.parametrize(
  'name, message',
  [
    (
      'Nothing-v0',
      "Unknown task 'gymnasium:Nothing-v0': Environment `Nothing`",
    ),
    ('no_module:Nothing-v0', 'no_module'),
  ],
)
def test_unknown_id_raises(name, message):
  with pytest.raises(UnknownTask, match=message) as caught:
    find_task(f'gymnasium:{name}')
  assert '\n' not in str(caught.value)


def test_discrete_actions_raise():
  with pytest.raises(UnsupportedEnvironment, match='must have continuous'):
    load('CartPole-v1')


def test_missing_package_raises(monkeypatch):
  monkeypatch.setitem(sys.modules, 'gymnasium', None)
  with pytest.raises(UnknownTask, match='`pip install gymnasium imageio`'):
    find_task('gymnasium:HalfCheetah-v5')
