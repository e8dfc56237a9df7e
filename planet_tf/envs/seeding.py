"""Seeding of environments with different sources of randomness."""

import inspect
import operator
import warnings

import numpy as np

from planet_tf.envs.registry import Task
from planet_tf.envs.wrappers import Wrapper

SEEDS = 2**32  # Number of seeds of NumPy's RandomState.


class Seeding(Wrapper):
  """Creates the environment of a task and gives it a method `seed`.

  The method uses the first of these that exists:

  1. the environment's own method `seed(int)`;
  2. its NumPy RandomState `task.random` (dm_control suite) or `random_state`
     (dm_control composer), which is seeded in place;
  3. a parameter `seed` of the factory, which creates a new environment.

  Otherwise the seed has no effect, and a RuntimeWarning is issued once.
  """

  def __init__(self, task: Task, seed: int | None) -> None:
    """Creates the environment.

    Args:
      task: Task with the factory to call.
      seed: Initial seed; None draws one.

    Raises:
      ValueError: The seed is not an integer from 0 to 2**32 - 1.
    """
    self._task = task
    self._warned = False
    self._takes_seed = 'seed' in inspect.signature(task.factory).parameters
    if seed is not None:
      seed = _check_seed(seed)
    if self._takes_seed:
      super().__init__(task.factory(seed=seed))
      return
    super().__init__(task.factory())
    if seed is not None:
      self.seed(seed)

  def seed(self, seed: int) -> None:
    """Sets the seed that determines all episodes from the next reset.

    Raises:
      ValueError: The seed is not an integer from 0 to 2**32 - 1.
    """
    seed = _check_seed(seed)
    random_state = self._random_state()
    own_method = getattr(self._env, 'seed', None)
    if callable(own_method):
      own_method(seed)
    elif random_state is not None:
      random_state.seed(seed)
    elif self._takes_seed:
      self._env.close()
      self._env = self._task.factory(seed=seed)
    elif not self._warned:
      self._warned = True
      warnings.warn(
        f'Task {self._task.name!r} cannot be seeded, so its episodes cannot '
        'be reproduced; add a method seed(int) to its environment, or a '
        'parameter seed to its factory.',
        RuntimeWarning,
        stacklevel=2,
      )

  def _random_state(self) -> np.random.RandomState | None:
    for owner, name in (
      (getattr(self._env, 'task', None), 'random'),
      (self._env, 'random_state'),
    ):
      candidate = getattr(owner, name, None)
      if isinstance(candidate, np.random.RandomState):
        return candidate
    return None


def _check_seed(seed: int) -> int:
  try:
    valid = 0 <= operator.index(seed) < SEEDS
  except TypeError:
    valid = False
  if not valid:
    raise ValueError(
      f'A seed must be an integer from 0 to 2**32 - 1, got {seed!r}.'
    )
  return operator.index(seed)
