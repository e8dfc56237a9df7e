"""The task `dummy`: small, deterministic, without a rendering library."""

import dm_env
import numpy as np
from dm_env import specs

from planet_tf.envs.registry import register_task

IMAGE_SIZE = 64
SPEED = 0.1  # Distance per environment step at maximum action.
TARGET = np.array([0.5, -0.5])
WIDTH = 0.2  # Standard deviation of the blobs, in units of the plane.


def register() -> None:
  """Registers the task `dummy`."""
  register_task('dummy', renders=False)(Dummy)


class Dummy(dm_env.Environment):
  """A point in the plane [-1, 1]^2 that must move to a fixed target.

  The action [2] is the velocity of the point. The reward decreases linearly
  from 1 at the target to 0 at the farthest corner. The image shows the point in
  red and the target in green; blue is the mean of the last action. Only the
  initial position is random, and it is a function of the seed. Episodes have no
  end.
  """

  def __init__(self, seed: int | None = None) -> None:
    self.seed(seed)
    self._position = np.zeros(2)
    self._action = np.zeros(2)
    self._running = False

  def seed(self, seed: int | None) -> None:
    """Sets the seed that determines the following initial positions."""
    self._random = np.random.RandomState(seed)

  def reset(self) -> dm_env.TimeStep:
    """Moves the point to a random position."""
    self._running = True
    self._position = self._random.uniform(-1, 1, 2)
    self._action = np.zeros(2)
    return dm_env.restart(self._observation())

  def step(self, action: np.ndarray) -> dm_env.TimeStep:
    """Moves the point, within the borders of the plane."""
    if not self._running:
      return self.reset()
    self._action = np.array(action, np.float64)
    self._position = np.clip(self._position + SPEED * self._action, -1, 1)
    distance = np.linalg.norm(self._position - TARGET)
    farthest = np.linalg.norm(1 + np.abs(TARGET))
    return dm_env.transition(1 - distance / farthest, self._observation())

  def action_spec(self) -> specs.BoundedArray:
    """Velocity [2] in [-1, 1]."""
    return specs.BoundedArray((2,), np.float32, -1.0, 1.0, 'action')

  def observation_spec(self) -> dict[str, specs.Array]:
    """Image [64, 64, 3] and position [2]."""
    shape = (IMAGE_SIZE, IMAGE_SIZE, 3)
    return {
      'image': specs.BoundedArray(shape, np.uint8, 0, 255, 'image'),
      'position': specs.Array((2,), np.float64, 'position'),
    }

  def _observation(self) -> dict[str, np.ndarray]:
    image = np.empty((IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    image[..., 0] = _blob(self._position)
    image[..., 1] = _blob(TARGET)
    image[..., 2] = np.rint(127.5 + 127.5 * self._action.mean())
    return {'image': image, 'position': self._position.copy()}


def _blob(center: np.ndarray) -> np.ndarray:
  """Returns a Gaussian blob at x and y (upward), [64, 64] in [0, 255]."""
  pixels = (np.arange(IMAGE_SIZE) + 0.5) / IMAGE_SIZE * 2 - 1
  columns = np.exp(-0.5 * ((pixels - center[0]) / WIDTH) ** 2)
  rows = np.exp(-0.5 * ((-pixels - center[1]) / WIDTH) ** 2)
  return np.rint(255 * rows[:, None] * columns)
