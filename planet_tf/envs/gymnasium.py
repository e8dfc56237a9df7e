"""Environments of Gymnasium as tasks named `gymnasium:ID`.

Original: scripts/tasks.py (gym_cheetah, gym_racecar), for the older Gym.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import dm_env
import numpy as np
from dm_env import specs

from planet_tf.envs.registry import UnknownTask, register_prefix
from planet_tf.envs.wrappers import UnsupportedEnvironment
from planet_tf.errors import one_line

RENDER_SIZE = 64  # Pixels, for environments that accept a size.


def register() -> None:
  """Registers the names `gymnasium:ID`."""
  register_prefix('gymnasium', find)


def find(identifier: str) -> Callable[[], dm_env.Environment]:
  """Returns the factory of an environment.

  Args:
    identifier: Registered id, such as `HalfCheetah-v5`. `module:ID` first
      imports a module that registers it.

  Raises:
    UnknownTask: Gymnasium is not installed or has no such environment.
  """
  try:
    import gymnasium
  except ImportError as error:
    raise UnknownTask(
      f"Task 'gymnasium:{identifier}' needs a package that is not installed "
      f'({error}); run `pip install gymnasium imageio`.'
    ) from error
  try:
    spec = gymnasium.spec(identifier)
  except (gymnasium.error.Error, ImportError) as error:
    raise UnknownTask(
      f"Unknown task 'gymnasium:{identifier}': {one_line(error)}"
    ) from error
  return functools.partial(load, spec.id)


def load(identifier: str) -> 'GymnasiumEnvironment':
  """Creates an environment that renders.

  Raises:
    UnsupportedEnvironment: A package is missing, or the actions are not
      continuous.
  """
  import gymnasium

  options: dict[str, Any] = {'render_mode': 'rgb_array'}
  if str(gymnasium.spec(identifier).entry_point).startswith('gymnasium.envs.m'):
    options |= {'width': RENDER_SIZE, 'height': RENDER_SIZE}  # MuJoCo
  try:
    # The constructor renders, because some packages are needed only then.
    return GymnasiumEnvironment(gymnasium.make(identifier, **options))
  except (gymnasium.error.Error, ImportError) as error:
    raise UnsupportedEnvironment(
      f"Task 'gymnasium:{identifier}' cannot be created: {one_line(error)}"
    ) from error


class GymnasiumEnvironment(dm_env.Environment):
  """A Gymnasium environment with the interface of dm_env.

  Observations are a dict. `image` is the observation itself if it is an image,
  and otherwise the result of `render`. Vector observations are named `state`.

  Args:
    env: Environment with the render mode `rgb_array`.
  """

  def __init__(self, env: Any) -> None:
    if not hasattr(env.action_space, 'low'):
      raise UnsupportedEnvironment(
        f'Task {env.spec.id!r} of Gymnasium must have continuous actions (a '
        f'Box), but has {env.action_space}; choose another environment.'
      )
    self._env = env
    self._seed: int | None = None
    self._running = False
    first = self._observation(env.reset()[0])
    self._spec = {
      name: specs.Array(value.shape, value.dtype, name)
      for name, value in first.items()
    }

  def seed(self, seed: int) -> None:
    """Sets the seed that determines all episodes from the next reset."""
    self._seed = seed

  def reset(self) -> dm_env.TimeStep:
    """Starts an episode."""
    observation, _ = self._env.reset(seed=self._seed)
    self._seed = None
    self._running = True
    return dm_env.restart(self._observation(observation))

  def step(self, action: np.ndarray) -> dm_env.TimeStep:
    """Applies an action; resets after the last step."""
    if not self._running:
      return self.reset()
    observation, reward, terminated, truncated, _ = self._env.step(action)
    observation = self._observation(observation)
    self._running = not (terminated or truncated)
    if terminated:
      return dm_env.termination(float(reward), observation)
    if truncated:
      return dm_env.truncation(float(reward), observation)
    return dm_env.transition(float(reward), observation)

  def action_spec(self) -> specs.BoundedArray:
    """Bounds of the actions."""
    space = self._env.action_space
    return specs.BoundedArray(
      space.shape, space.dtype, space.low, space.high, 'action'
    )

  def observation_spec(self) -> dict[str, specs.Array]:
    """Image and state vectors."""
    return dict(self._spec)

  def close(self) -> None:
    """Closes the environment."""
    self._env.close()

  def _observation(self, value: Any) -> dict[str, np.ndarray]:
    if not isinstance(value, Mapping):
      value = np.asarray(value)
      is_image = value.ndim == 3 and value.dtype == np.uint8
      value = {'image' if is_image else 'state': value}
    if 'image' not in value:
      value = {**value, 'image': self._env.render()}
    return {name: np.asarray(x) for name, x in value.items()}
