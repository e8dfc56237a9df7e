"""Observations as a flat dict of one image and state vectors."""

from collections.abc import Iterator, Mapping
from typing import Any

import dm_env
import numpy as np
from dm_env import specs

from planet_tf.envs.camera import Camera
from planet_tf.envs.wrappers import UnsupportedEnvironment, Wrapper

IMAGE_SIZE = 64  # Height and width in pixels (paper).
RESERVED = ('action', 'reward')  # Other arrays of an episode.


class ImageObservations(Wrapper):
  """Flat dict of `image`, uint8 [64, 64, 3], and float32 state vectors.

  The image is the environment's own observation `image` (uint8, or floats
  from 0 to 1, of any height and width). Without one, the MuJoCo physics of the
  environment renders it. Names in nested dicts are joined with slashes, scalars
  become vectors of length one, and a bare array is named `observation`.

  Raises:
    UnsupportedEnvironment: There is no image, or a name is reserved.
  """

  def __init__(
    self,
    env: dm_env.Environment,
    task: str,
    camera: int | str,
    render_quality: str,
  ) -> None:
    super().__init__(env)
    self._task = task
    self._camera: Camera | None = None
    inner = dict(_flatten(env.observation_spec()))
    taken = sorted(set(inner) & set(RESERVED))
    if taken:
      raise UnsupportedEnvironment(
        f'Task {task!r} has an observation named {taken[0]!r}, which is the '
        'name of another array of an episode; rename it.'
      )
    if 'image' not in inner:
      if not hasattr(getattr(env, 'physics', None), 'render'):
        raise UnsupportedEnvironment(
          f'Task {task!r} gives no image: it has neither an observation '
          "'image' nor a physics.render; add one of them."
        )
      self._camera = Camera(env, IMAGE_SIZE, camera, render_quality)
    self._spec = self._make_spec(inner)

  def observation_spec(self) -> dict[str, specs.Array]:
    """Specs of the image and of the state vectors."""
    return dict(self._spec)

  def reset(self) -> dm_env.TimeStep:
    """Starts an episode and renders its first image."""
    return self._convert(self._env.reset())

  def step(self, action: np.ndarray) -> dm_env.TimeStep:
    """Applies an action and renders one image."""
    return self._convert(self._env.step(action))

  def _convert(self, time_step: dm_env.TimeStep) -> dm_env.TimeStep:
    observation = dict(_flatten(time_step.observation))
    image = observation.pop('image', None)
    if image is None and self._camera:
      image = self._camera.render()
    result = {'image': as_image(image, IMAGE_SIZE, self._task)}
    for name, value in observation.items():
      value = np.array(value, np.float32).reshape(-1)
      if not np.isfinite(value).all():
        raise FloatingPointError(
          f'Observation {name!r} of task {self._task!r} is not finite: {value}.'
        )
      result[name] = value
    return time_step._replace(observation=result)

  def _make_spec(self, inner: Mapping[str, Any]) -> dict[str, specs.Array]:
    shape = (IMAGE_SIZE, IMAGE_SIZE, 3)
    result: dict[str, specs.Array] = {
      'image': specs.BoundedArray(shape, np.uint8, 0, 255, 'image')
    }
    for name, spec in inner.items():
      if name != 'image':
        size = int(np.prod(spec.shape, dtype=int))
        result[name] = specs.Array((size,), np.float32, name)
    return result


def as_image(image: np.ndarray, size: int, task: str) -> np.ndarray:
  """Returns a copy of an image as uint8 [size, size, 3], resized by area.

  Pillow cannot replace this. Its BOX filter gives each source pixel a weight
  of 0 or 1 and rounds after each axis, and `Image.reduce` rounds ties up and
  takes only integer factors, so that pixels would differ.

  Args:
    image: uint8, or floats from 0 to 1; [height, width, 3].
    size: Height and width of the result in pixels.
    task: Name for the error message.

  Raises:
    UnsupportedEnvironment: The image has another shape or type.
  """
  image = np.asarray(image)
  if image.ndim != 3 or image.shape[-1] != 3:
    raise UnsupportedEnvironment(
      f'Task {task!r} gives images of shape {image.shape}; they must be '
      '[height, width, 3].'
    )
  if np.issubdtype(image.dtype, np.floating):
    image = image * 255.0
  elif image.dtype != np.uint8:
    raise UnsupportedEnvironment(
      f'Task {task!r} gives images of type {image.dtype}; they must be uint8, '
      'or floats from 0 to 1.'
    )
  if image.shape[:2] != (size, size):
    rows = _overlap(image.shape[0], size)
    columns = _overlap(image.shape[1], size)
    image = np.einsum('ih,hwc,jw->ijc', rows, image, columns, optimize=True)
  if image.dtype != np.uint8:
    image = np.clip(np.rint(image), 0, 255)
  return np.array(image, np.uint8, order='C')


def _overlap(source: int, target: int) -> np.ndarray:
  """Returns the fraction of each target pixel that a source pixel covers.

  Args:
    source: Number of source pixels.
    target: Number of target pixels.

  Returns:
    Weights [target, source]; the rows sum to 1.
  """
  edges = np.arange(target + 1) * source / target
  pixels = np.arange(source)
  low = np.maximum(edges[:-1, None], pixels)
  high = np.minimum(edges[1:, None], pixels + 1)
  return np.maximum(high - low, 0) * target / source


def _flatten(tree: Any, prefix: str = '') -> Iterator[tuple[str, Any]]:
  if not isinstance(tree, Mapping):
    yield prefix.rstrip('/') or 'observation', tree
    return
  for name, value in tree.items():
    yield from _flatten(value, f'{prefix}{name}/')
