"""Choice of the OpenGL backend of MuJoCo."""

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
PROBE_TIMEOUT = 120.0  # Seconds. Importing MuJoCo takes several.


class RenderingUnavailable(UserError):
  """No OpenGL backend can render a frame."""


@dataclasses.dataclass(frozen=True)
class FrameStatistics:
  """Statistics of the test scene, rendered as uint8 [64, 64, 3].

  Attributes:
    backend: Value of MUJOCO_GL.
    renderer: Name of the OpenGL renderer, such as `llvmpipe (...)`.
    minimum: Smallest pixel value.
    maximum: Largest pixel value.
    mean: Mean pixel value.
    stddev: Standard deviation of the pixel values.
    seconds: Time of the second frame.
  """

  backend: str
  renderer: str
  minimum: int
  maximum: int
  mean: float
  stddev: float
  seconds: float


def choose_backend() -> str:
  """Chooses the OpenGL backend. Call it before MuJoCo is imported.

  If MUJOCO_GL is not set, it is set to the first backend that renders a test
  frame, for this process and its children.

  Returns:
    Value of MUJOCO_GL: `egl`, `osmesa` or the user's choice.

  Raises:
    RenderingUnavailable: No backend works.
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
    f'MuJoCo cannot render: {" ".join(reasons)} Install OpenGL with '
    f'`{INSTALL}`, or set {VARIABLE}=disable if the task creates its own '
    'images.'
  )


def probe_frame(backend: str) -> FrameStatistics:
  """Renders a test frame in a new process without TensorFlow.

  Args:
    backend: Value of MUJOCO_GL to test.

  Raises:
    RenderingUnavailable: The backend crashes, hangs or renders empty frames.
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
      f'{backend} rendered no frame within {PROBE_TIMEOUT:.0f} seconds.'
    ) from None
  if result.returncode:
    lines = result.stderr.strip().splitlines()
    reason = lines[-1] if lines else f'exit code {result.returncode}'
    raise RenderingUnavailable(f'{backend} failed ({reason}).')
  values = json.loads(result.stdout.strip().splitlines()[-1])
  statistics = FrameStatistics(backend=backend, **values)
  if statistics.stddev == 0:
    raise RenderingUnavailable(f'{backend} renders empty frames.')
  return statistics


def unusable(error: BaseException) -> RenderingUnavailable:
  """Returns the error for a chosen backend that does not work."""
  return RenderingUnavailable(
    f'MuJoCo cannot render with {VARIABLE}={os.environ.get(VARIABLE, "")} '
    f'({type(error).__name__}: {error}). Unset {VARIABLE} to choose a backend '
    f'automatically, or install OpenGL with `{INSTALL}`.'
  )
