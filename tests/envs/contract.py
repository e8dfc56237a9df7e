"""Program that renders tasks and prints what it finds as JSON.

Tests that render run it in a new process, because pytest has loaded TensorFlow.
One process renders all tasks, because importing MuJoCo takes seconds.
"""

import itertools
import json
import sys
import traceback

import numpy as np

from planet_tf.envs import UnsupportedEnvironment, build_env

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


def check(task):
  """Checks specs, time steps, seeds and memory of one task."""
  repeat, size, components = TASKS[task]
  first, second = build_env(task), build_env(task)
  assert (first.action_repeat, first.duration) == (repeat, 1000 // repeat)
  spec = first.action_spec()
  assert (spec.shape, spec.dtype) == ((size,), np.float32)
  np.testing.assert_array_equal(spec.minimum, -np.ones(size))
  np.testing.assert_array_equal(spec.maximum, np.ones(size))

  actions = np.random.default_rng(0).uniform(-1, 1, (3, size))
  steps = rollout(first, 1, actions)
  other = rollout(second, 2, actions)
  same = rollout(second, 1, actions)
  assert equal(steps, same)
  assert not equal(steps, other)
  for time, step in enumerate(steps):
    check_step(first, time, step, repeat, components)
  arrays = [x for step in steps for x in step.observation.values()]
  for one, two in itertools.combinations(arrays, 2):
    assert not np.shares_memory(one, two)


def check_step(env, time, step, repeat, components):
  """Checks one time step against the specs and the ranges."""
  shapes = {name: (length,) for name, length in components.items()}
  shapes['image'] = (64, 64, 3)
  assert step.first() == (time == 0)
  assert not step.last()
  assert {k: v.shape for k, v in step.observation.items()} == shapes
  assert list(env.observation_spec()) == list(step.observation)
  for name, value in step.observation.items():
    env.observation_spec()[name].validate(value)
    assert value.dtype == (np.uint8 if name == 'image' else np.float32)
    assert np.isfinite(value).all()
  assert step.observation['image'].std() > 1
  if time:
    assert type(step.reward) is float
    assert 0 <= step.reward <= repeat
    assert step.discount == 1


def rollout(env, seed, actions):
  """Returns the time steps of an episode."""
  env.seed(seed)
  return [env.reset(), *map(env.step, actions)]


def equal(steps, others):
  """Returns whether rewards and observations, including pixels, are equal."""
  return all(
    a.reward == b.reward
    and all(
      np.array_equal(value, b.observation[name])
      for name, value in a.observation.items()
    )
    for a, b in zip(steps, others, strict=True)
  )


def whole_episode():
  """Returns the length and the last discount of a rendered episode."""
  env = build_env('cartpole_balance', render_quality='fast')
  step, length = env.reset(), 0
  while not step.last():
    step = env.step(np.zeros(1))
    length += 1
  return {'length': length, 'discount': step.discount}


def replay(task, path):
  """Compares the first 30 decisions with an episode of the original."""
  episode = np.load(path)
  env = build_env(task, seed=0)
  env.reset()
  position, velocity = episode['position'][0], episode['velocity'][0]
  with env.physics.reset_context():
    if task == 'cartpole_swingup':
      x, cos, sin = position
      position = [x, np.arctan2(sin, cos)]
    env.physics.data.qpos[-len(position) :] = position
    env.physics.data.qvel[:] = velocity
  steps = [env.step(action) for action in episode['action'][1:31]]
  images = np.stack([step.observation['image'] for step in steps]).astype(int)
  rewards = np.array([step.reward for step in steps])
  return {
    'length': env.duration + 1 - len(episode['reward']),
    'image': float(np.abs(images - episode['image'][1:31]).mean()),
    'reward': float(np.abs(rewards - episode['reward'][1:31]).max()),
  }


def qualities():
  """Compares the images of exact and fast rendering."""
  exact, fast = (
    build_env('cartpole_balance', seed=0, render_quality=quality)
    .reset()
    .observation['image']
    .astype(int)
    for quality in ('exact', 'fast')
  )
  error = np.abs(exact - fast)
  return {
    'maximum': int(error.max()),
    'mean': float(error.mean()),
    'bins': float(np.mean(exact // 8 != fast // 8)),
  }


def cameras():
  """Returns the error for an unknown camera; also tries a valid name."""
  build_env('cartpole_balance', camera='fixed')
  try:
    build_env('cartpole_balance', camera='fixd')
  except UnsupportedEnvironment as error:
    return str(error)


def main(episodes):
  """Prints all results; `episodes` is a folder of the original's episodes."""
  result = {'contract': {}}
  for task in TASKS:
    try:
      check(task)
      result['contract'][task] = ''
    except Exception:
      result['contract'][task] = traceback.format_exc()
  result['whole_episode'] = whole_episode()
  result['qualities'] = qualities()
  result['cameras'] = cameras()
  result['replay'] = {
    task: replay(task, path)
    for task, path in (entry.split('=', 1) for entry in episodes)
  }
  print(json.dumps(result))


if __name__ == '__main__':
  main(sys.argv[1:])
