"""Provenance of a result: command, versions, commit and hardware."""

import importlib.metadata
import pathlib
import platform
import shlex
import subprocess
import sys
import time

import tensorflow as tf

from planet_tf.ops import hardware
from planet_tf.ops.auto import choose_precision

_PACKAGES = (
  'tensorflow',
  'keras',
  'tensorflow-probability',
  'numpy',
  'dm_control',
  'mujoco',
  'gin-config',
)


def describe_process() -> dict[str, object]:
  """Returns command, versions, commit and hardware of this process as JSON."""
  return {
    'started': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
    'command': describe_command(),
    'commit': _commit(),
    'python': platform.python_version(),
    **{name: _version(name) for name in _PACKAGES},
    'platform': platform.platform(),
    'processor': hardware.cpu_name(),
    'cores': hardware.cores(),
    'gpus': len(tf.config.list_physical_devices('GPU')),
    'auto_precision': choose_precision('auto'),
    'auto_num_splits': hardware.cpu_splits(hardware.cores()),
  }


def describe_command() -> str:
  """Returns the shell command that started this process."""
  spec = getattr(sys.modules['__main__'], '__spec__', None)
  if spec is None:
    return shlex.join(['python', *sys.argv])
  name = spec.name.removesuffix('.__main__')
  return shlex.join(['python', '-m', name, *sys.argv[1:]])


def _version(package: str) -> str | None:
  try:
    return importlib.metadata.version(package)
  except importlib.metadata.PackageNotFoundError:
    return None


def _commit() -> str | None:
  checkout = pathlib.Path(__file__).parents[2]
  if not (checkout / '.git').exists():
    return None  # Installed, perhaps inside another repository.
  command = ['git', '-C', str(checkout), 'describe', '--always', '--dirty']
  try:
    result = subprocess.run(command, capture_output=True, text=True, timeout=9)
  except (OSError, subprocess.SubprocessError):
    return None
  return result.stdout.strip() or None
