"""Tasks of the dm_control suite, and images of MuJoCo scenes."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import dm_env
import numpy as np
from absl import logging

from planet_tf.envs.registry import register_task
from planet_tf.envs.rendering import unusable
from planet_tf.envs.wrappers import UnsupportedEnvironment

# Name, domain and task of the suite, action repeat (paper, appendix A).
PAPER_TASKS = (
  ('cartpole_balance', 'cartpole', 'balance', 8),
  ('cartpole_swingup', 'cartpole', 'swingup', 8),
  ('reacher_easy', 'reacher', 'easy', 4),
  ('cheetah_run', 'cheetah', 'run', 4),
  ('finger_spin', 'finger', 'spin', 2),
  ('cup_catch', 'ball_in_cup', 'catch', 4),
  ('walker_walk', 'walker', 'walk', 2),
)
FAST_SHADOW_SIZE = 512  # Instead of the suite's 2048 pixels.


def register() -> None:
  """Registers the seven tasks of the paper."""
  for name, domain, task, action_repeat in PAPER_TASKS:
    factory = functools.partial(load, domain, task)
    register_task(name, action_repeat=action_repeat)(factory)


def load(domain: str, task: str, seed: int | None = None) -> dm_env.Environment:
  """Loads a task of the suite; call `rendering.choose_backend` before.

  Args:
    domain: Name of the suite's domain, such as `cartpole`.
    task: Name of its task, such as `swingup`.
    seed: Seed of the task's RandomState; None draws one.

  Raises:
    RenderingUnavailable: The OpenGL libraries cannot be loaded.
  """
  try:
    from dm_control import suite
  except (AttributeError, ImportError, RuntimeError) as error:
    # PyOpenGL fails with AttributeError where a library is missing.
    raise unusable(error) from error
  with quiet_models():
    return suite.load(domain, task, task_kwargs={'random': seed})


@contextlib.contextmanager
def quiet_models() -> Iterator[None]:
  """Has MuJoCo say nothing of deprecated attributes in the suite's models."""
  verbosity = logging.get_verbosity()
  logging.set_verbosity(logging.ERROR)
  try:
    yield
  finally:
    logging.set_verbosity(verbosity)


class Camera:
  """Draws the scene of an environment that has a dm_control `physics`."""

  def __init__(
    self,
    env: dm_env.Environment,
    image_size: int,
    camera: int | str,
    render_quality: str,
  ) -> None:
    """Checks the camera and draws one frame.

    Args:
      env: Environment with the attribute `physics`.
      image_size: Height and width in pixels.
      camera: Number or name of the camera; -1 is the free one.
      render_quality: 'exact' or 'fast', see `tasks.build_env`.

    Raises:
      UnsupportedEnvironment: The model has no such camera.
      RenderingUnavailable: No frame can be drawn.
    """
    self._env = env
    self._size = image_size
    self._camera = camera
    self._fast = render_quality == 'fast'
    self._model = None
    self._check_camera()
    try:
      self.render()
    except (AttributeError, ImportError, RuntimeError) as error:
      raise unusable(error) from error

  def render(self) -> np.ndarray:
    """The scene as it is now, uint8 [image_size, image_size, 3]."""
    physics = self._env.physics
    if self._fast and physics.model is not self._model:
      self._reduce(physics.model)
    return physics.render(self._size, self._size, camera_id=self._camera)

  def _reduce(self, model: Any) -> None:
    # Read when the first frame of a model creates its OpenGL context.
    model.vis.quality.shadowsize = FAST_SHADOW_SIZE
    model.vis.global_.offwidth = self._size
    model.vis.global_.offheight = self._size
    self._model = model

  def _check_camera(self) -> None:
    model = self._env.physics.model
    names = [model.id2name(i, 'camera') for i in range(model.ncam)]
    if isinstance(self._camera, str):
      valid = self._camera in names
    else:
      valid = -1 <= self._camera < model.ncam
    if not valid:
      raise UnsupportedEnvironment(
        f'There is no camera {self._camera!r}: the model has {model.ncam} '
        f'({", ".join(repr(name) for name in names)}), and -1 is the free one.'
      )
