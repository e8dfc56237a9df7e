"""Policy that plans with the true simulator.

N environments   J candidates   H horizon   A action size
"""

import contextlib
import os
import weakref
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from planet_tf.control.planning import Planner
from planet_tf.control.simulate import decision_seed, group_seed
from planet_tf.envs.dm_control import PAPER_TASKS
from planet_tf.envs.registry import Task, find_task
from planet_tf.envs.rendering import VARIABLE
from planet_tf.envs.tasks import make_simulation
from planet_tf.errors import UserError
from planet_tf.ops.hardware import cores
from planet_tf.ops.random import fold_in

# Gin bindings. The policy uses all cores to plan for one environment at a time.
ONE_ENVIRONMENT = ('make_envs.workers = 1', 'make_envs.groups = 1')

# Task name -> domain and task of the suite.
_DOMAINS = {name: (domain, task) for name, domain, task, _ in PAPER_TASKS}


class UnknownSimulation(UserError):
  """A task cannot be simulated separately from its environment."""


def check_task(name: str) -> None:
  """Checks that a task can be simulated.

  Raises:
    UnknownTask: There is no such task.
    UnknownSimulation: It is not a task of the paper.
  """
  if find_task(name).name not in _DOMAINS:
    raise UnknownSimulation(
      f'Task {name!r} cannot be simulated; use one of {", ".join(_DOMAINS)}.'
    )


class SimulatorPolicy:
  """Plans in copies of the environments.

  The copies start with the same seeds and take the same actions, so they have
  the same state as the environments. Observations are ignored.

  Args:
    task: Name of a task of the paper.
    planner: The planner.
    seeds: Seed of each environment.
    seed: Stateless seed of the planner, int32 [2].
    action_repeat: Control steps per decision. The default is the task's.

  Raises:
    UnknownTask, UnknownSimulation: See `check_task`.
  """

  def __init__(
    self,
    task: str,
    planner: Planner,
    seeds: Sequence[int],
    seed: np.ndarray,
    action_repeat: int | None = None,
  ) -> None:
    self._task = task
    self._planner = planner
    self._seeds = seeds
    self._seed = seed
    self._action_repeat = action_repeat
    check_task(task)
    self._copies: list[_Copy] = []

  @property
  def rewards(self) -> list[list[float]]:
    """Rewards of the current episode, by copy and decision."""
    return [copy.rewards for copy in self._copies]

  def part(self, number: int, indices: Sequence[int]) -> 'SimulatorPolicy':
    """Returns the policy for the environments with these indices."""
    seeds = [self._seeds[index] for index in indices]
    seed = group_seed(self._seed, number)
    return SimulatorPolicy(
      self._task, self._planner, seeds, seed, self._action_repeat
    )

  def initial_state(self, batch: int) -> None:
    """Creates the copies. They hold the state of the policy."""
    task, repeat = find_task(self._task), self._action_repeat
    with _no_rendering():
      self._copies = [
        _Copy(task, seed, repeat, self._planner) for seed in self._seeds
      ]

  def step(
    self, images: np.ndarray, state: None, decision: int
  ) -> tuple[np.ndarray, None]:
    """Returns actions [N, A] and applies them to the copies."""
    seed = tf.constant(decision_seed(self._seed, decision))
    actions = []
    for index, copy in enumerate(self._copies):
      action = copy.plan(seed, tf.constant(index)).numpy()
      copy.step(action)
      actions.append(action)
    return np.stack(actions), None


class _Copy:
  """A copy of an environment, without images, and rollouts in it."""

  def __init__(
    self,
    task: Task,
    seed: int,
    action_repeat: int | None,
    planner: Planner,
  ) -> None:
    # Imports MuJoCo, which reads MUJOCO_GL at import.
    from planet_tf.true_simulator.rollouts import Rollouts

    self._env = make_simulation(task, seed=seed, action_repeat=action_repeat)
    self._env.seed(seed)
    self._env.reset()
    self._planner = planner
    self.rewards: list[float] = []
    self._rollouts = Rollouts(
      self._env.unwrapped,
      *_DOMAINS[task.name],
      self._env.action_repeat,
      cores(),
    )

  @tf.function(autograph=False)
  def plan(self, seed: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """Returns the planned action [A]. `index` is folded into the seed."""
    plan = self._planner(
      self._score,
      batch=1,
      action_size=self._env.action_spec().shape[0],
      seed=fold_in(seed, index),
    )
    return plan.action[0]

  def _score(self, actions: tf.Tensor, iteration: tf.Tensor) -> tf.Tensor:
    """Returns the returns [1, J] of candidates [1, J, H, A]."""
    # TensorFlow never releases a numpy_function, so it must not own the copy.
    reference = weakref.ref(self._rollouts)

    def compute(actions: np.ndarray) -> np.ndarray:
      rollouts = reference()
      assert rollouts is not None
      return rollouts.returns(actions).astype(np.float32)

    returns = tf.numpy_function(compute, [actions[0]], tf.float32)
    return tf.ensure_shape(returns, actions.shape[1])[None]

  def step(self, action: np.ndarray) -> None:
    """Applies an action."""
    self.rewards.append(self._env.step(action).reward)


@contextlib.contextmanager
def _no_rendering() -> Iterator[None]:
  """Keeps MuJoCo from loading OpenGL, which crashes with TensorFlow."""
  before = os.environ.get(VARIABLE)
  os.environ[VARIABLE] = 'disable'
  try:
    yield
  finally:
    if before is None:
      del os.environ[VARIABLE]
    else:
      os.environ[VARIABLE] = before
