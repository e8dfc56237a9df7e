"""A policy that plans with the true simulator.

N environments   J candidates   H horizon   A action size
"""

import contextlib
import os
import weakref
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from planet_tf.control.planning import Plan
from planet_tf.control.simulate import decision_seed, group_seed
from planet_tf.envs.dm_control import PAPER_TASKS
from planet_tf.envs.registry import Task, find_task
from planet_tf.envs.rendering import VARIABLE
from planet_tf.envs.tasks import make_simulation
from planet_tf.errors import UserError
from planet_tf.ops.hardware import cores
from planet_tf.ops.random import fold_in

# Gin bindings: it plans with all cores, for one environment after the other.
ONE_ENVIRONMENT = ('make_envs.workers = 1', 'make_envs.groups = 1')

# Domain and task of the suite by the name of the task.
_DOMAINS = {name: (domain, task) for name, domain, task, _ in PAPER_TASKS}


class UnknownSimulation(UserError):
  """A task that cannot be simulated apart from its environment."""


def check_task(name: str) -> None:
  """Refuses tasks that cannot be simulated.

  Raises:
    UnknownTask: There is no such task.
    UnknownSimulation: It is none of the paper's.
  """
  if find_task(name).name not in _DOMAINS:
    raise UnknownSimulation(
      f'Task {name!r} cannot be simulated; only {", ".join(_DOMAINS)} can.'
    )


class SimulatorPolicy:
  """Plans in copies of the environments in which it acts.

  The copies begin with the same seeds and take the same actions, so that they
  are in the same state as the environments; what those show is not looked at.

  Args:
    task: Name of the task, one of the paper's.
    planner: `cross_entropy_method` with its settings bound.
    seeds: Seed of each environment.
    seed: Stateless seed of the planner, int32 [2].
    action_repeat: Control steps of a decision; None for the task's own.

  Raises:
    UnknownSimulation: The task is another one.
  """

  def __init__(
    self,
    task: str,
    planner: Callable[..., Plan],
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
    """Rewards of each copy in the current episode, decision by decision."""
    return [copy.rewards for copy in self._copies]

  def part(self, number: int, indices: Sequence[int]) -> 'SimulatorPolicy':
    """The policy of the environments with these indices."""
    seeds = [self._seeds[index] for index in indices]
    seed = group_seed(self._seed, number)
    return SimulatorPolicy(
      self._task, self._planner, seeds, seed, self._action_repeat
    )

  def initial_state(self, batch: int) -> None:
    """Makes the copies, whose state is all there is."""
    task, repeat = find_task(self._task), self._action_repeat
    with _no_rendering():
      self._copies = [
        _Copy(task, seed, repeat, self._planner) for seed in self._seeds
      ]

  def step(
    self, images: np.ndarray, state: None, decision: int
  ) -> tuple[np.ndarray, None]:
    """Actions [N, A]; executes them in the copies, too."""
    seed = tf.constant(decision_seed(self._seed, decision))
    actions = []
    for index, copy in enumerate(self._copies):
      action = copy.plan(seed, tf.constant(index)).numpy()
      copy.step(action)
      actions.append(action)
    return np.stack(actions), None


class _Copy:
  """An environment without images and what candidates would earn in it."""

  def __init__(
    self,
    task: Task,
    seed: int,
    action_repeat: int | None,
    planner: Callable[..., Plan],
  ) -> None:
    # Imports MuJoCo, which chooses how to render as it is loaded.
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
    """The action [A] that the planner finds with a seed folded with `index`."""
    plan = self._planner(
      self._score,
      batch=1,
      action_size=self._env.action_spec().shape[0],
      seed=fold_in(seed, index),
    )
    return plan.action[0]

  def _score(self, actions: tf.Tensor, iteration: tf.Tensor) -> tf.Tensor:
    """Returns [1, J] of candidates [1, J, H, A]."""
    # TensorFlow never forgets a numpy_function, so it must not hold the copy.
    rollouts = weakref.ref(self._rollouts)
    returns = tf.numpy_function(
      lambda actions: rollouts().returns(actions).astype(np.float32),
      [actions[0]],
      tf.float32,
    )
    return tf.ensure_shape(returns, actions.shape[1])[None]

  def step(self, action: np.ndarray) -> None:
    """Executes an action."""
    self.rewards.append(self._env.step(action).reward)


@contextlib.contextmanager
def _no_rendering() -> Iterator[None]:
  """Has MuJoCo load no OpenGL, beside which TensorFlow would crash."""
  before = os.environ.get(VARIABLE)
  os.environ[VARIABLE] = 'disable'
  try:
    yield
  finally:
    if before is None:
      del os.environ[VARIABLE]
    else:
      os.environ[VARIABLE] = before
