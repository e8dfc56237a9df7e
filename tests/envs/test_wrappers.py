"""Actions, time limits, observations and seeding of environments."""

import warnings

import dm_env
import numpy as np
import pytest
from dm_env import specs
from worker_tasks import Fake

from planet_tf.envs import Task, UnsupportedEnvironment, build_env
from planet_tf.envs.observations import as_image
from planet_tf.envs.seeding import Seeding
from planet_tf.envs.wrappers import ActionRepeat, NormalizeActions, TimeLimit


def test_actions_are_rescaled_to_bounds():
  inner = Fake(minimum=[-2.0, 10.0], maximum=[4.0, 20.0])
  env = NormalizeActions(inner, 'fake')
  env.reset()
  for action in ([-1, -1], [1, 1], [0, 0.5]):
    env.step(np.array(action, np.float32))
  np.testing.assert_array_equal(inner.actions, [[-2, 10], [4, 20], [1, 17.5]])


def test_actions_of_normalized_tasks_do_not_change():
  inner = Fake()
  env = NormalizeActions(inner, 'fake')
  env.reset()
  action = np.random.default_rng(0).uniform(-1, 1, 2)
  env.step(action)
  np.testing.assert_array_equal(inner.actions[0], action)


@pytest.mark.parametrize(
  'action', [[1.01, 0], [np.nan, 0], [0, 0, 0], [[0, 0]], 0.5]
)
def test_invalid_actions_raise(action):
  env = NormalizeActions(Fake(), 'fake')
  env.reset()
  with pytest.raises(ValueError, match="Task 'fake' takes actions"):
    env.step(np.array(action))


def test_unbounded_actions_raise():
  with pytest.raises(UnsupportedEnvironment, match='without finite bounds'):
    NormalizeActions(Fake(maximum=np.inf), 'fake')


@pytest.mark.parametrize(
  'spec',
  [
    specs.DiscreteArray(3),
    specs.Array((2,), np.float32),
    {'left': specs.BoundedArray((1,), np.float32, -1, 1)},
  ],
)
def test_discrete_actions_raise(spec):
  inner = Fake()
  inner.spec = spec
  with pytest.raises(UnsupportedEnvironment, match='continuous'):
    NormalizeActions(inner, 'fake')


class Short(Fake):
  """Ends after three steps."""

  def step(self, action):
    step = super().step(action)
    if self.steps == 3:
      return dm_env.termination(step.reward, step.observation)
    return step


def test_action_repeat_stops_at_end_of_episode():
  env = TimeLimit(ActionRepeat(Short(), 2), 10)
  env.reset()
  first, second = env.step(np.zeros(2)), env.step(np.zeros(2))
  assert (first.reward, first.last()) == (1.0, False)
  assert first.discount == pytest.approx(0.81)
  assert (second.reward, second.discount, second.last()) == (0.5, 0.0, True)
  assert env.step(np.zeros(2)).first()
  assert not env.step(np.zeros(2)).last()


def test_infinite_rewards_raise():
  class Infinite(Fake):
    def step(self, action):
      return super().step(action)._replace(reward=np.inf)

  env = ActionRepeat(Infinite(), 2)
  env.reset()
  with pytest.raises(FloatingPointError, match='reward'):
    env.step(np.zeros(2))


def task(factory):
  return Task('custom', factory, duration=5, renders=False)


def observing(observation):
  """Returns a task with a constant observation."""

  class Observing(Fake):
    def observation(self):
      return observation

    def observation_spec(self):
      def spec(value):
        if isinstance(value, dict):
          return {key: spec(entry) for key, entry in value.items()}
        return specs.Array(np.shape(value), np.asarray(value).dtype)

      return spec(observation)

  return task(Observing)


def test_observations_are_flattened():
  image = np.zeros((64, 64, 3), np.uint8)
  nested = {'image': image, 'a': {'b': np.ones((2, 2), int), 'c': True}}
  env = build_env(observing(nested))
  observation = env.reset().observation
  assert {k: v.shape for k, v in env.observation_spec().items()} == {
    'image': (64, 64, 3),
    'a/b': (4,),
    'a/c': (1,),
  }
  for name, spec in env.observation_spec().items():
    spec.validate(observation[name])


def test_missing_image_raises():
  with pytest.raises(UnsupportedEnvironment, match='gives no image'):
    build_env(observing(np.zeros(3)))


def test_reserved_name_raises():
  with pytest.raises(UnsupportedEnvironment, match="named 'reward'"):
    build_env(observing({'reward': 1.0}))


def test_infinite_observations_raise():
  env = build_env(observing({'image': np.zeros((8, 8, 3)), 'x': np.nan}))
  with pytest.raises(FloatingPointError, match="'x' of task 'custom'"):
    env.reset()


def test_images_are_resized_by_area():
  image = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
  small = as_image(image, 2, 'x')
  blocks = image.reshape(2, 2, 2, 2, 3).mean((1, 3))
  np.testing.assert_array_equal(small, np.rint(blocks))
  np.testing.assert_array_equal(
    as_image(image, 8, 'x'), image.repeat(2, 0).repeat(2, 1)
  )
  same = as_image(image, 4, 'x')
  np.testing.assert_array_equal(same, image)
  assert not np.shares_memory(same, image)
  # Each of two pixels gets half of the middle one of three.
  row = np.array([[[0] * 3, [90] * 3, [180] * 3]] * 3, np.uint8)
  np.testing.assert_array_equal(as_image(row, 2, 'x')[0, :, 0], [30, 150])


def test_image_dtypes():
  floats = np.array([0.0, 0.5, 1.0])[None, None].repeat(2, 0).repeat(2, 1)
  np.testing.assert_array_equal(as_image(floats, 2, 'x')[0, 0], [0, 128, 255])
  with pytest.raises(UnsupportedEnvironment, match=r'shape \(2, 2\)'):
    as_image(np.zeros((2, 2)), 2, 'x')
  with pytest.raises(UnsupportedEnvironment, match='int64'):
    as_image(np.zeros((2, 2, 3), np.int64), 2, 'x')


def test_seeding_by_random_state():
  inner = Fake()
  inner.random_state = np.random.RandomState(0)
  Seeding(task(lambda: inner), 5)
  assert inner.random_state.rand() == np.random.RandomState(5).rand()


def test_seeding_by_method():
  inner = Fake()
  inner.seed = lambda seed: setattr(inner, 'start', seed)
  env = Seeding(task(lambda: inner), None)
  assert inner.start == 0
  env.seed(5)
  assert inner.start == 5


def test_seeding_by_new_environment():
  built = []

  def factory(seed=None):
    built.append(seed)
    return Fake(seed)

  env = Seeding(task(factory), 4)
  assert env.reset().observation['image'][0, 0, 0] == 4
  env.seed(5)
  assert env.reset().observation['image'][0, 0, 0] == 5
  assert built == [4, 5]


def test_warns_once_without_seeding():
  env = Seeding(task(lambda: Fake()), None)
  with pytest.warns(RuntimeWarning, match="'custom' cannot be seeded"):
    env.seed(5)
  with warnings.catch_warnings():
    warnings.simplefilter('error')
    env.seed(6)
