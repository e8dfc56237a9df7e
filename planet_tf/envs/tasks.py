"""The environment of a task, as the agent sees it."""

import operator
import sys
import warnings

import dm_env

from planet_tf.envs import dm_control, dummy, gymnasium, rendering
from planet_tf.envs.observations import ImageObservations
from planet_tf.envs.registry import (
  Task,
  find_task,
  registered_task,
)
from planet_tf.envs.seeding import Seeding
from planet_tf.envs.wrappers import ActionRepeat, NormalizeActions, TimeLimit
from planet_tf.errors import UserError

ENV_STEPS = 1000  # Length of the paper's episodes before action repeat.
RENDER_QUALITIES = ('exact', 'fast')

dm_control.register()
dummy.register()
gymnasium.register()


class InvalidTaskOption(UserError):
  """An option of a task with a value that it cannot take."""


def build_env(
  task: str | Task,
  *,
  seed: int | None = None,
  action_repeat: int | None = None,
  image_size: int = 64,
  camera: int | str = 0,
  render_quality: str = 'exact',
  duration: int | None = None,
) -> dm_env.Environment:
  """Builds the environment of a task in this process.

  Its observations are a flat dict: `image`, uint8 [image_size, image_size, 3],
  and the state components of the task, float32 vectors. Actions are float32
  [A] in [-1, 1]. The reward of a decision is the float64 sum over its action
  repeats. An episode ends after `duration` decisions, or with the inner one.
  `seed(int)` makes everything from the next reset on a function of the seed;
  see `seeding.Seeding` for what environments of your own need for that.

  Do not render beside TensorFlow: together with Mesa's software OpenGL it
  crashes the process. `ParallelEnvs` and `IsolatedEnvironment` are safe.

  Args:
    task: Registered name, `my_package.module:factory`, or a `Task`.
    seed: Initial seed; None draws one from the operating system.
    action_repeat: Environment steps per decision; None takes the task's own.
    image_size: Height and width of the images in pixels.
    camera: Number or name of the MuJoCo camera; -1 is the free one.
    render_quality: 'exact' for the paper's pixels, 'fast' for a smaller shadow
      map and frame buffer: half the time, 0.06% of the pixels differ. This and
      `camera` do not concern tasks that draw their own images.
    duration: Decisions per episode; None means 1000 // action repeat.

  Returns:
    A dm_env environment with the extra method `seed` and the attributes
    `action_repeat` and `duration`.

  Raises:
    UnknownTask: No task has this name.
    InvalidTaskOption: An option has an impossible value.
    ValueError: The seed is no integer from 0 to 2**32 - 1.
    UnsupportedEnvironment: The environment gives no image, or its actions are
      discrete or unbounded.
    RenderingUnavailable: OpenGL is needed but does not work.
  """
  _check('image_size', image_size)
  if render_quality not in RENDER_QUALITIES:
    raise InvalidTaskOption(
      f"render_quality must be 'exact' or 'fast', got {render_quality!r}."
    )
  if needs_rendering(task):
    # Before the task's module is imported, as MuJoCo reads the choice then.
    rendering.choose_backend()
  if isinstance(task, str):
    task = find_task(task)
  if task.renders:
    _warn_of_tensorflow()
  repeat = task.action_repeat if action_repeat is None else action_repeat
  _check('action_repeat', repeat)
  if duration is None:
    duration = task.duration or max(1, ENV_STEPS // repeat)
  _check('duration', duration)
  env = make_simulation(task, seed=seed, action_repeat=repeat)
  env = ImageObservations(env, task.name, image_size, camera, render_quality)
  return TimeLimit(env, duration)


def make_simulation(
  task: Task, *, seed: int | None = None, action_repeat: int | None = None
) -> dm_env.Environment:
  """Builds the environment of a task without images and time limit.

  It needs no OpenGL, where loading it does not.

  Args:
    task: The task.
    seed: Initial seed; None draws one from the operating system.
    action_repeat: Environment steps per decision; None takes the task's own.

  Returns:
    A dm_env environment with the extra method `seed`; actions and rewards as
    those of `build_env`, observations as the task has them.
  """
  repeat = task.action_repeat if action_repeat is None else action_repeat
  env = NormalizeActions(Seeding(task, seed), task.name)
  return ActionRepeat(env, repeat)


def needs_rendering(task: str | Task) -> bool:
  """Whether OpenGL must work; assumed for tasks that are not known yet."""
  if isinstance(task, str):
    task = registered_task(task)
  return task is None or task.renders


def _check(name: str, value: int) -> None:
  try:
    valid = operator.index(value) >= 1
  except TypeError:
    valid = False
  if not valid:
    raise InvalidTaskOption(
      f'{name} must be a positive integer, got {value!r}.'
    )


def _warn_of_tensorflow() -> None:
  if sys.modules.get('tensorflow'):
    warnings.warn(
      'This process renders and has loaded TensorFlow. With software OpenGL '
      '(Mesa) that crashes it: use IsolatedEnvironment or ParallelEnvs, and '
      'import TensorFlow inside functions in modules that define tasks.',
      RuntimeWarning,
      stacklevel=3,
    )
