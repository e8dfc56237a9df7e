"""Images of MuJoCo scenes, rendered by dm_control."""

from typing import Any

import dm_env
import numpy as np

from planet_tf.envs.rendering import unusable
from planet_tf.envs.wrappers import UnsupportedEnvironment

FAST_SHADOW_SIZE = 512  # Pixels, instead of the suite's 2048.


class Camera:
  """Renders the scene of an environment with a dm_control `physics`."""

  def __init__(
    self,
    env: dm_env.Environment,
    image_size: int,
    camera: int | str,
    render_quality: str,
  ) -> None:
    """Checks the camera and renders one frame.

    Args:
      env: Environment with the attribute `physics`.
      image_size: Height and width in pixels.
      camera: Number or name of the camera; -1 is the free camera.
      render_quality: 'exact' or 'fast', see `tasks.build_env`.

    Raises:
      UnsupportedEnvironment: The model has no such camera.
      RenderingUnavailable: Rendering fails.
    """
    self._env: Any = env
    self._size = image_size
    self._camera = camera
    self._fast = render_quality == 'fast'
    self._model: Any = None
    self._check_camera()
    try:
      self.render()
    except (AttributeError, ImportError, RuntimeError) as error:
      raise unusable(error) from error

  def render(self) -> np.ndarray:
    """Returns an image of the current scene, uint8 [size, size, 3]."""
    physics = self._env.physics
    if self._fast and physics.model is not self._model:
      self._reduce_quality(physics.model)
    return physics.render(self._size, self._size, camera_id=self._camera)

  def _reduce_quality(self, model: Any) -> None:
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
        f'There is no camera {self._camera!r}; choose one of the '
        f'{model.ncam} cameras of the model '
        f'({", ".join(repr(name) for name in names)}), or -1 for the free one.'
      )
