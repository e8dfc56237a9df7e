"""Small tasks for tests, including tasks that fail in their worker."""

import os
import sys
import time

import dm_env
import numpy as np
from dm_env import specs

from planet_tf.envs import register_task


class Fake(dm_env.Environment):
  """Observes the seed and the number of steps. It has no method `seed`."""

  def __init__(self, seed=None, minimum=-1.0, maximum=1.0):
    self.start = 0 if seed is None else seed
    self.spec = specs.BoundedArray((2,), np.float64, minimum, maximum)
    self.steps = 0
    self.actions = []

  def reset(self):
    self.steps = 0
    return dm_env.restart(self.observation())

  def step(self, action):
    self.steps += 1
    self.actions.append(np.array(action))
    return dm_env.transition(0.5, self.observation(), discount=0.9)

  def observation(self):
    return {
      'image': np.full((64, 64, 3), self.start % 256, np.uint8),
      'count': self.steps,
    }

  def action_spec(self):
    return self.spec

  def observation_spec(self):
    return {
      'image': specs.BoundedArray((64, 64, 3), np.uint8, 0, 255),
      'count': specs.Array((), np.int64),
    }


class Failing(Fake):
  """Raises in the second step of episodes with an odd seed."""

  def step(self, action):
    if self.steps == 1 and self.start % 2:
      raise ZeroDivisionError('the pole fell off')
    return super().step(action)


class Hanging(Fake):
  """Hangs in a step."""

  def step(self, action):
    print('going to sleep')
    time.sleep(1000)


class Dying(Fake):
  """Exits its process in a step."""

  def step(self, action):
    print('goodbye cruel world', file=sys.stderr)
    os._exit(3)


class Noisy(Fake):
  """Writes to all output streams, including the file descriptors."""

  def step(self, action):
    print('noise ' * 100)
    os.write(1, b'\x00\x80 raw noise\n')
    os.write(2, b'more noise without an end')
    return super().step(action)


class Modules(Fake):
  """Observes whether TensorFlow is loaded."""

  def observation(self):
    return super().observation() | {'count': 'tensorflow' in sys.modules}


for _environment in (Fake, Failing, Hanging, Dying, Noisy, Modules):
  _name = f'test_{_environment.__name__.lower()}'
  register_task(_name, duration=5, renders=False)(_environment)


def with_tensorflow_check():
  """Returns a cartpole that observes whether TensorFlow is loaded."""
  from dm_control.suite import cartpole

  environment = cartpole.balance()
  observe = environment.task.get_observation

  def get_observation(physics):
    loaded = 'tensorflow' in sys.modules
    return {**observe(physics), 'tensorflow': np.float64(loaded)}

  environment.task.get_observation = get_observation
  return environment


def unseedable():
  """Returns a task without seeding."""
  return Fake()
