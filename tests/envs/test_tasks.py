"""Contract of all tasks, and the options of `build_env`."""

import itertools

import contract
import numpy as np
import pytest

from planet_tf.envs import InvalidTaskOption, build_env


@pytest.mark.parametrize('task', contract.TASKS)
def test_contract(task, rendered):
  assert rendered['contract'][task] == ''


def test_rendered_episode_ends_after_duration(rendered):
  # A time limit is not a failure, so the discount stays 1.
  assert rendered['whole_episode'] == {'length': 125, 'discount': 1}


def test_second_episode_has_full_length():
  env = build_env('dummy')
  for _ in range(2):
    step, length = env.reset(), 0
    while not step.last():
      step = env.step(np.zeros(2))
      length += 1
    assert (length, step.discount) == (1000, 1)


def test_options():
  env = build_env('dummy', action_repeat=3, seed=1)
  assert (env.action_repeat, env.duration) == (3, 333)
  env = build_env('dummy', duration=4)
  env.reset()
  last = [env.step(np.zeros(2)).last() for _ in range(4)]
  assert last == [False, False, False, True]
  assert env.step(np.zeros(2)).first()  # As required by dm_env.


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
    ({'action_repeat': 6.4}, 'action_repeat must be .* integer, got 6.4'),
    ({'duration': 0}, 'duration must be a positive integer, got 0'),
    ({'render_quality': 'fats'}, "'exact' or 'fast', got 'fats'"),
  ],
)
def test_invalid_options_raise(options, words):
  with pytest.raises(InvalidTaskOption, match=words):
    build_env('dummy', **options)


@pytest.mark.parametrize('seed', [-1, 2**32, 0.5])
def test_invalid_seeds_raise(seed):
  with pytest.raises(ValueError, match='from 0 to'):
    build_env('dummy', seed=seed)


def test_observations_share_no_memory():
  env = build_env('dummy')
  steps = [env.reset(), *(env.step(np.ones(2)) for _ in range(3))]
  arrays = [x for step in steps for x in step.observation.values()]
  for first, second in itertools.combinations(arrays, 2):
    assert not np.shares_memory(first, second)


def test_reward_of_dummy_is_highest_at_target():
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
