"""The environment of a task, with the interface that agents use."""

import operator
import sys
import warnings

import dm_env

from planet_tf.envs import dm_control, dummy, gymnasium, rendering
from planet_tf.envs.observations import ImageObservations
from planet_tf.envs.registry import Task, find_task, registered_task
from planet_tf.envs.seeding import Seeding
from planet_tf.envs.wrappers import ActionRepeat, NormalizeActions, TimeLimit
from planet_tf.errors import UserError

ENV_STEPS = 1000  # Length of the paper's episodes before action repeat.
RENDER_QUALITIES = ('exact', 'fast')

dm_control.register()
dummy.register()
gymnasium.register()


class InvalidTaskOption(UserError):
  """An option of a task has an invalid value."""


def build_env(
  task: str | Task,
  *,
  seed: int | None = None,
  action_repeat: int | None = None,
  camera: int | str = 0,
  render_quality: str = 'exact',
  duration: int | None = None,
) -> dm_env.Environment:
  """Creates the environment of a task in this process.

  Observations are a flat dict: `image`, uint8 [64, 64, 3], and the state
  components of the task, float32 vectors. Actions are float32 [A] in [-1, 1].
  The reward of a decision is the float64 sum over its action repeats. An
  episode ends after `duration` decisions, or when the task ends it.
  `seed(int)` determines everything from the next reset; `seeding.Seeding`
  describes what custom environments need for it.

  Do not render in a process that has loaded TensorFlow: with software OpenGL
  (Mesa) it crashes. Use `ParallelEnvs` or `IsolatedEnvironment` instead.

  Args:
    task: Registered name, `my_package.module:factory`, or a `Task`.
    seed: Initial seed; None draws one from the operating system.
    action_repeat: Environment steps per decision. The default is the task's.
    camera: Number or name of the MuJoCo camera; -1 is the free camera. Only
      for tasks that MuJoCo renders.
    render_quality: 'exact' for the pixels of the paper, 'fast' for a smaller
      shadow map and frame buffer, which takes half the time and changes 0.06%
      of the pixels. Only for tasks that MuJoCo renders.
    duration: Decisions per episode. The default is the task's or
      1000 // action_repeat.

  Returns:
    A dm_env environment with the method `seed` and the attributes
    `action_repeat` and `duration`.

  Raises:
    UnknownTask: There is no task of this name.
    InvalidTaskOption: An option has an invalid value.
    ValueError: The seed is not an integer from 0 to 2**32 - 1.
    UnsupportedEnvironment: The environment gives no image, or its actions are
      discrete or unbounded.
    RenderingUnavailable: The task needs OpenGL, which does not work.
  """
  if render_quality not in RENDER_QUALITIES:
    raise InvalidTaskOption(
      f"render_quality must be 'exact' or 'fast', got {render_quality!r}."
    )
  if needs_rendering(task):
    # MuJoCo reads MUJOCO_GL when the module of the task imports it.
    rendering.choose_backend()
  if isinstance(task, str):
    task = find_task(task)
  if task.renders:
    _warn_about_tensorflow()
  repeat = task.action_repeat if action_repeat is None else action_repeat
  _check('action_repeat', repeat)
  if duration is None:
    duration = task.duration or max(1, ENV_STEPS // repeat)
  _check('duration', duration)
  env = make_simulation(task, seed=seed, action_repeat=repeat)
  env = ImageObservations(env, task.name, camera, render_quality)
  return TimeLimit(env, duration)


def make_simulation(
  task: Task, *, seed: int | None = None, action_repeat: int | None = None
) -> dm_env.Environment:
  """Creates the environment of a task without images and time limit.

  It does not render, so it needs OpenGL only if the import of the task does.

  Args:
    task: The task.
    seed: Initial seed; None draws one from the operating system.
    action_repeat: Environment steps per decision. The default is the task's.

  Returns:
    A dm_env environment with the method `seed` and the attribute
    `action_repeat`. Actions and rewards are those of `build_env`, observations
    those of the task.
  """
  repeat = task.action_repeat if action_repeat is None else action_repeat
  env = NormalizeActions(Seeding(task, seed), task.name)
  return ActionRepeat(env, repeat)


def needs_rendering(task: str | Task) -> bool:
  """Returns whether a task needs OpenGL. True if the name is not registered."""
  known = registered_task(task) if isinstance(task, str) else task
  return known is None or known.renders


def _check(name: str, value: int) -> None:
  try:
    valid = operator.index(value) >= 1
  except TypeError:
    valid = False
  if not valid:
    raise InvalidTaskOption(
      f'{name} must be a positive integer, got {value!r}.'
    )


def _warn_about_tensorflow() -> None:
  if sys.modules.get('tensorflow'):
    warnings.warn(
      'This process renders and has loaded TensorFlow, which crashes with '
      'software OpenGL (Mesa). Use IsolatedEnvironment or ParallelEnvs, and '
      'import TensorFlow inside functions in modules that define tasks.',
      RuntimeWarning,
      stacklevel=3,
    )
