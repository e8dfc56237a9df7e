"""The choice of an OpenGL backend for MuJoCo."""

import dataclasses
import json
import os
import subprocess
import sys

from planet_tf.envs.subprocesses import module_command, module_environment
from planet_tf.errors import UserError

VARIABLE = 'MUJOCO_GL'
BACKENDS = ('glfw',) if sys.platform == 'darwin' else ('egl', 'osmesa')
INSTALL = 'sudo apt-get install -y libegl1 libgl1 libgl1-mesa-dri'
PROBE_TIMEOUT = 120.0  # Seconds; a cold start of MuJoCo takes several.


class RenderingUnavailable(UserError):
  """No OpenGL backend draws a frame."""


@dataclasses.dataclass(frozen=True)
class FrameStatistics:
  """What a backend drew of the test scene, 64 x 64 pixels of uint8.

  Attributes:
    backend: Value of MUJOCO_GL.
    renderer: What OpenGL calls its device, such as `llvmpipe (...)`.
    minimum: Smallest pixel value.
    maximum: Largest pixel value.
    mean: Mean pixel value.
    stddev: Standard deviation of the pixel values.
    seconds: Time per frame after the first.
  """

  backend: str
  renderer: str
  minimum: int
  maximum: int
  mean: float
  stddev: float
  seconds: float


def choose_backend() -> str:
  """Chooses the OpenGL backend; call it before MuJoCo is imported.

  MUJOCO_GL wins where it is set. Otherwise the first backend that draws a test
  frame is taken and MUJOCO_GL set to it, for this process and its children.

  Returns:
    Value of MUJOCO_GL: `egl`, `osmesa` or what the user chose.

  Raises:
    RenderingUnavailable: None works; names the command that installs one.
  """
  chosen = os.environ.get(VARIABLE)
  if chosen:
    return chosen
  reasons = []
  for backend in BACKENDS:
    try:
      probe_frame(backend)
    except RenderingUnavailable as error:
      reasons.append(str(error))
      continue
    os.environ[VARIABLE] = backend
    return backend
  raise RenderingUnavailable(
    f'MuJoCo cannot render here: {" ".join(reasons)} Install OpenGL with '
    f'`{INSTALL}`, or set {VARIABLE}=disable if the task draws its own images.'
  )


def probe_frame(backend: str) -> FrameStatistics:
  """Draws a test frame in a fresh process without TensorFlow.

  Args:
    backend: Value of MUJOCO_GL to try.

  Raises:
    RenderingUnavailable: The backend crashes, hangs or draws nothing.
  """
  try:
    result = subprocess.run(
      module_command('planet_tf.envs.probe'),
      env=module_environment(**{VARIABLE: backend}),
      capture_output=True,
      text=True,
      timeout=PROBE_TIMEOUT,
    )
  except subprocess.TimeoutExpired:
    raise RenderingUnavailable(
      f'{backend} drew no frame within {PROBE_TIMEOUT:.0f} seconds.'
    ) from None
  if result.returncode:
    lines = result.stderr.strip().splitlines()
    reason = lines[-1] if lines else f'exit code {result.returncode}'
    raise RenderingUnavailable(f'{backend} failed ({reason}).')
  values = json.loads(result.stdout.strip().splitlines()[-1])
  statistics = FrameStatistics(backend=backend, **values)
  if statistics.stddev == 0:
    raise RenderingUnavailable(f'{backend} draws empty frames.')
  return statistics


def unusable(error: BaseException) -> RenderingUnavailable:
  """The error for a backend that was chosen but does not work."""
  return RenderingUnavailable(
    f'MuJoCo cannot render with {VARIABLE}={os.environ.get(VARIABLE, "")} '
    f'({type(error).__name__}: {error}). Unset {VARIABLE} to have a backend '
    f'chosen, or install OpenGL with `{INSTALL}`.'
  )
