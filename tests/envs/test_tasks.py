"""One contract for all tasks."""

import numpy as np
import pytest

from planet_tf.envs import InvalidTaskOption, ParallelEnvs, build_env

# Action repeat (paper), action size, state components (original).
TASKS = {
  'cartpole_balance': (8, 1, {'position': 3, 'velocity': 2}),
  'cartpole_swingup': (8, 1, {'position': 3, 'velocity': 2}),
  'reacher_easy': (4, 2, {'position': 2, 'velocity': 2, 'to_target': 2}),
  'cheetah_run': (4, 6, {'position': 8, 'velocity': 9}),
  'finger_spin': (2, 2, {'position': 4, 'velocity': 3, 'touch': 2}),
  'cup_catch': (4, 2, {'position': 4, 'velocity': 4}),
  'walker_walk': (2, 6, {'orientations': 14, 'height': 1, 'velocity': 9}),
  'dummy': (1, 2, {'position': 2}),
}


def rollout(envs, seeds, actions):
  """Time steps [time][environment] of the same actions in all."""
  steps = [envs.reset(seeds)]
  for action in actions:
    steps.append(envs.step([action] * len(seeds)))
  return steps


def equal(steps, i, others, j):
  """Whether two environments went the same way, pixels included."""
  return all(
    a[i].reward == b[j].reward
    and all(
      np.array_equal(value, b[j].observation[name])
      for name, value in a[i].observation.items()
    )
    for a, b in zip(steps, others, strict=True)
  )


@pytest.mark.parametrize('task', TASKS)
def test_contract(task):
  repeat, size, components = TASKS[task]
  actions = np.random.default_rng(0).uniform(-1, 1, (3, size))
  with ParallelEnvs(task, 2) as envs:
    assert (envs.action_repeat, envs.duration) == (repeat, 1000 // repeat)
    assert envs.action_spec.shape == (size,)
    assert envs.action_spec.dtype == np.float32
    np.testing.assert_array_equal(envs.action_spec.minimum, -np.ones(size))
    np.testing.assert_array_equal(envs.action_spec.maximum, np.ones(size))

    first = rollout(envs, [1, 1], actions)
    second = rollout(envs, [2, 1], actions)
    assert equal(first, 0, first, 1)
    assert equal(first, 0, second, 1)
    assert not equal(first, 0, second, 0)

    shapes = {name: (length,) for name, length in components.items()}
    shapes['image'] = (64, 64, 3)
    for time, (step, _) in enumerate(first):
      assert step.first() == (time == 0)
      assert not step.last()
      assert {k: v.shape for k, v in step.observation.items()} == shapes
      assert list(envs.observation_spec) == list(step.observation)
      for name, value in step.observation.items():
        envs.observation_spec[name].validate(value)
        assert value.dtype == (np.uint8 if name == 'image' else np.float32)
        assert np.isfinite(value).all()
      assert step.observation['image'].std() > 1
      if time:
        assert type(step.reward) is float
        assert 0 <= step.reward <= repeat
        assert step.discount == 1


@pytest.mark.parametrize('task', ['cartpole_balance', 'dummy'])
def test_whole_episode(task):
  with ParallelEnvs(task, render_quality='fast') as envs:
    zero = np.zeros(envs.action_spec.shape)
    for _ in range(2 if task == 'dummy' else 1):
      [step] = envs.reset([0])
      images, length = [], 0
      while not step.last():
        [step] = envs.step([zero])
        images.append(step.observation['image'])
        length += 1
      assert length == 1000 // TASKS[task][0]
      assert step.discount == 1  # A time limit is no failure.


def test_options():
  env = build_env('dummy', action_repeat=3, image_size=32, seed=1)
  assert (env.action_repeat, env.duration) == (3, 333)
  assert env.reset().observation['image'].shape == (32, 32, 3)
  env = build_env('dummy', duration=4)
  env.reset()
  last = [env.step(np.zeros(2)).last() for _ in range(4)]
  assert last == [False, False, False, True]
  assert env.step(np.zeros(2)).first()  # As dm_env asks.


def test_action_repeat_sums_rewards():
  single = build_env('dummy', seed=3)
  double = build_env('dummy', seed=3, action_repeat=2)
  single.reset(), double.reset()
  action = np.array([0.3, -0.7])
  rewards = [single.step(action).reward for _ in range(4)]
  assert double.step(action).reward == rewards[0] + rewards[1]
  assert double.step(action).reward == rewards[2] + rewards[3]


@pytest.mark.parametrize(
  'options, words',
  [
    ({'action_repeat': 0}, 'action_repeat must be a positive integer, got 0'),
    ({'duration': 0}, 'duration must be a positive integer, got 0'),
    ({'image_size': 6.4}, 'image_size must be a positive integer, got 6.4'),
    ({'render_quality': 'fats'}, "'exact' or 'fast', got 'fats'"),
  ],
)
def test_bad_options(options, words):
  with pytest.raises(InvalidTaskOption, match=words):
    build_env('dummy', **options)


@pytest.mark.parametrize('seed', [-1, 2**32, 0.5])
def test_bad_seed(seed):
  with pytest.raises(ValueError, match='from 0 to'):
    build_env('dummy', seed=seed)


def test_observations_share_no_memory():
  env = build_env('dummy')
  steps = [env.reset(), *(env.step(np.ones(2)) for _ in range(3))]
  arrays = [x for step in steps for x in step.observation.values()]
  for i, first in enumerate(arrays):
    for second in arrays[i + 1 :]:
      assert not np.shares_memory(first, second)


def test_dummy_rewards_the_way_to_its_target():
  env = build_env('dummy', seed=0)
  position = env.reset().observation['position']
  for _ in range(40):
    action = np.clip((np.array([0.5, -0.5]) - position) / 0.1, -1, 1)
    step = env.step(action)
    position = step.observation['position']
  assert step.reward > 1 - 1e-6
  image = step.observation['image']
  # The point (red) covers the target (green).
  assert np.argmax(image[..., 0]) == np.argmax(image[..., 1])
  env.reset()
  blue = [
    env.step(np.full(2, x)).observation['image'][0, 0, 2] for x in (-1, 0, 1)
  ]
  assert blue == [0, 128, 255]
