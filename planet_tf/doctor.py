"""Says what is installed, what is wrong with it, and how to mend it.

    python -m planet_tf.doctor              everything
    python -m planet_tf.doctor --quiet      only what is wrong
    python -m planet_tf.doctor --rendering  only whether MuJoCo renders

Exit code 0 where all is well, 1 otherwise. What may be missing or crash is
imported in a process of its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import os
import pathlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from planet_tf.ops import hardware

if TYPE_CHECKING:
  from packaging.specifiers import SpecifierSet

SUPPORTED_PYTHONS = ('3.11', '3.12', '3.13')
PACKAGES = (
  'tensorflow',
  'keras',
  'tensorflow-probability',
  'tf-keras',
  'tensorboard',
  'numpy',
  'dm_control',
  'mujoco',
  'gin-config',
)
MODULES = ('tensorflow_probability', 'tensorboard', 'gin', 'dm_control.suite')
CPU_FEATURES = ('amx_bf16', 'avx512_bf16', 'avx512f', 'avx2')
LOCK = pathlib.Path(__file__).parent.parent / 'requirements.lock'
NVIDIA_DRIVER = pathlib.Path('/proc/driver/nvidia/version')
PIP = f'{sys.executable} -m pip install'
REINSTALL = 'the lines above first, else `make clean-venv setup`'
DEVICES = """
import tensorflow as tf
for device in tf.config.list_physical_devices():
  details = tf.config.experimental.get_device_details(device)
  print('device', details.get('device_name', device.device_type))
"""


@dataclasses.dataclass(frozen=True)
class Line:
  """One finding; it is wrong if it comes with a way to mend it."""

  name: str
  seen: str
  mend: str = ''

  def __str__(self) -> str:
    if self.mend:
      return f'WRONG {self.name}: {self.seen}. To mend: {self.mend}'
    return f'ok    {self.name}: {self.seen}'


def python_line(version: Sequence[int]) -> Line:
  """Judges the interpreter; `version` as in `sys.version_info`."""
  text = '.'.join(map(str, version[:3]))
  if '.'.join(map(str, version[:2])) in SUPPORTED_PYTHONS:
    return Line('python', f'{text} ({sys.executable})')
  seen = f'{text} is none of {", ".join(SUPPORTED_PYTHONS)}'
  return Line('python', seen, 'make clean-venv setup PYTHON=python3.12')


def requirements(texts: Iterable[str]) -> dict[str, SpecifierSet]:
  """Names and allowed versions of the requirements that apply to this Python.

  Args:
    texts: Lines of a requirements file or of a package's metadata.

  Raises:
    ImportError: The package `packaging` is missing.
  """
  from packaging.requirements import Requirement

  lines = [text for text in texts if text and not text.startswith('#')]
  return {
    requirement.name: requirement.specifier
    for requirement in map(Requirement, lines)
    if not requirement.marker or requirement.marker.evaluate({'extra': ''})
  }


def package_lines(
  locked: Mapping[str, SpecifierSet], ranges: Mapping[str, SpecifierSet]
) -> list[Line]:
  """Judges what is installed by the lock file and the ranges of setup.py.

  Args:
    locked: Exact versions by name; empty outside a checkout.
    ranges: Allowed versions by name; empty where planet_tf itself is not
      installed. What is in its range but unlike the lock is not wrong.
  """
  lines, unlike = [], []
  needed = dict.fromkeys([*PACKAGES, *ranges])
  for name in needed | dict.fromkeys(locked):
    asked = str(locked.get(name) or ranges.get(name, ''))
    mend = f"{PIP} {'--no-deps ' if name in locked else ''}'{name}{asked}'"
    seen = _installed(name)
    if name in needed and not seen:
      lines.append(Line(name, 'not installed', mend))
    elif name in ranges and seen not in ranges[name]:
      lines.append(Line(name, f'{seen} is not {ranges[name]}', mend))
    elif name in PACKAGES:
      lines.append(Line(name, seen))
    if name in locked and (not seen or seen not in locked[name]):
      unlike.append(f'{name} {seen or "missing"} (locked {asked})')
  if locked:
    rest = f' but for {", ".join(unlike)}' if unlike else ''
    lines.append(Line(LOCK.name, f'{len(locked)} packages as locked{rest}'))
  return lines


def _installed(name: str) -> str:
  try:
    return importlib.metadata.version(name)
  except importlib.metadata.PackageNotFoundError:
    return ''


def declared_packages() -> list[Line]:
  """Judges by the lock file beside the package and the package's metadata."""
  lock = LOCK.read_text().splitlines() if LOCK.exists() else []
  try:
    metadata = importlib.metadata.requires('planet_tf') or []
  except importlib.metadata.PackageNotFoundError:
    metadata = []
  try:
    return package_lines(requirements(lock), requirements(metadata))
  except ImportError:
    return package_lines({}, {})


def run(code: str) -> tuple[str, str]:
  """Runs Python code in a fresh process.

  Returns:
    What it printed, and in one line why it failed, empty where it did not.
  """
  quiet = {'TF_CPP_MIN_LOG_LEVEL': '3', 'MUJOCO_GL': 'disable'}
  try:
    child = subprocess.run(
      [sys.executable, '-c', code],
      env={**os.environ, **quiet},
      capture_output=True,
      text=True,
      timeout=300,
    )
  except subprocess.TimeoutExpired:
    return '', 'no answer within 300 seconds'
  if child.returncode < 0:
    return child.stdout, f'died of {signal.Signals(-child.returncode).name}'
  errors = child.stderr.strip().splitlines() or ['no message']
  return child.stdout, errors[-1] if child.returncode else ''


def import_lines(modules: Sequence[str]) -> list[Line]:
  """Imports each module, as it may be installed and yet be broken."""
  lines = []
  for module in modules:
    _, error = run(f'import {module}')
    if error:
      lines.append(Line(f'import {module}', error, REINSTALL))
  return lines or [Line('imports', ', '.join(modules))]


def device_line(driver: bool) -> Line:
  """TensorFlow's devices; `driver` tells whether an NVIDIA driver is loaded."""
  printed, error = run(DEVICES)
  if error:
    return Line('import tensorflow', error, REINSTALL)
  devices = re.findall('^device (.*)$', printed, re.MULTILINE)
  if driver and devices == ['CPU']:
    seen = 'there is an NVIDIA driver, but TensorFlow sees no GPU'
    mend = f"{PIP} 'tensorflow[and-cuda]' in the version above"
    return Line('devices', seen, mend)
  return Line('devices', ', '.join(devices))


def cpu_line(flags: set[str], cores: int) -> Line:
  """What decides on precision and num_splits; `flags` as in /proc/cpuinfo."""
  found = [name for name in CPU_FEATURES if name in flags]
  seen = f'{cores} cores, {" ".join(found) or "features unknown"}'
  if flags and 'avx' not in flags:
    seen = f"{cores} cores without AVX, which TensorFlow's wheels need"
    return Line('cpu', seen, 'use another machine or build TensorFlow')
  gains = [x for name, x in hardware.BFLOAT16_GAIN.items() if name in flags]
  why = f'{gains[0]} times as fast' if gains else 'nothing speeds bfloat16 up'
  auto = f"precision 'auto' is {hardware.cpu_precision(flags)}, as {why}"
  num_splits = f"num_splits 'auto' is {hardware.cpu_splits(cores)}"
  return Line('cpu', f'{seen}; {auto}; {num_splits}')


def cpu() -> Line:
  """Judges the processor that this process may use."""
  return cpu_line(hardware.cpu_features(), hardware.cores())


def rendering_line() -> Line:
  """Draws a frame without TensorFlow; MUJOCO_GL wins where it is set."""
  try:
    from planet_tf.envs import rendering
  except ImportError as error:
    return Line('rendering', str(error), REINSTALL)
  chosen = os.environ.get(rendering.VARIABLE)
  try:
    frame = rendering.probe_frame(rendering.choose_backend())
  except rendering.RenderingUnavailable as error:
    unset = f'unset {rendering.VARIABLE} (it is {chosen}) or ' if chosen else ''
    seen = str(error).rstrip('.')
    return Line('rendering', seen, unset + rendering.INSTALL)
  return Line(
    'rendering',
    f'{frame.backend} on {frame.renderer}; pixels of a frame {frame.minimum} '
    f'to {frame.maximum}, mean {frame.mean:.1f}, standard deviation '
    f'{frame.stddev:.1f}, {1e3 * frame.seconds:.1f} ms',
  )


def examine() -> list[Line]:
  """All findings about this machine and this environment."""
  return [
    python_line(sys.version_info),
    *declared_packages(),
    *import_lines(MODULES),
    device_line(NVIDIA_DRIVER.exists()),
    cpu(),
    rendering_line(),
  ]


def main(arguments: Sequence[str] | None = None) -> int:
  """Prints the findings; returns 0 where all is well, otherwise 1."""
  parser = argparse.ArgumentParser(
    prog='python -m planet_tf.doctor', description=__doc__.splitlines()[0]
  )
  parser.add_argument(
    '--quiet', action='store_true', help='print only what is wrong'
  )
  parser.add_argument(
    '--rendering', action='store_true', help='look at rendering alone'
  )
  options = parser.parse_args(arguments)
  lines = [rendering_line()] if options.rendering else examine()
  wrong = [line for line in lines if line.mend]
  for line in wrong if options.quiet else lines:
    print(line)
  return 1 if wrong else 0


if __name__ == '__main__':
  sys.exit(main())
