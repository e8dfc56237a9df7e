"""Checks of the machine and the installation; loads no TensorFlow.

Modules that may be missing or crash are imported in a separate process.
"""

from __future__ import annotations

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
class Finding:
  """Result of one check.

  Attributes:
    name: What was checked.
    seen: What was found.
    fix: How to fix it; empty if the check passed.
  """

  name: str
  seen: str
  fix: str = ''

  def __str__(self) -> str:
    if self.fix:
      return f'FAIL {self.name}: {self.seen}. To fix: {self.fix}'
    return f'ok   {self.name}: {self.seen}'


def check_python(version: Sequence[int]) -> Finding:
  """Checks the interpreter; `version` is major, minor, patch."""
  text = '.'.join(map(str, version[:3]))
  if '.'.join(map(str, version[:2])) in SUPPORTED_PYTHONS:
    return Finding('python', f'{text} ({sys.executable})')
  seen = f'{text} is none of {", ".join(SUPPORTED_PYTHONS)}'
  return Finding('python', seen, 'make clean-venv setup PYTHON=python3.12')


def requirements(texts: Iterable[str]) -> dict[str, SpecifierSet]:
  """Returns the requirements that apply to this Python.

  Args:
    texts: Lines of a requirements file or of a package's metadata.

  Returns:
    Allowed versions by name.

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


def check_packages(
  locked: Mapping[str, SpecifierSet], ranges: Mapping[str, SpecifierSet]
) -> list[Finding]:
  """Compares installed packages with the lock file and the allowed ranges.

  A version within its range passes, even if it differs from the lock file.

  Args:
    locked: Exact versions by name; empty outside a checkout.
    ranges: Allowed versions by name; empty if planet_tf is not installed.
  """
  findings: list[Finding] = []
  unlike = []
  needed = dict.fromkeys([*PACKAGES, *ranges])
  for name in needed | dict.fromkeys(locked):
    asked = str(locked.get(name) or ranges.get(name) or '')
    fix = f"{PIP} {'--no-deps ' if name in locked else ''}'{name}{asked}'"
    seen = _installed(name)
    if name in needed and not seen:
      findings.append(Finding(name, 'not installed', fix))
    elif name in ranges and seen not in ranges[name]:
      findings.append(Finding(name, f'{seen} is not {ranges[name]}', fix))
    elif name in PACKAGES:
      findings.append(Finding(name, seen))
    if name in locked and (not seen or seen not in locked[name]):
      unlike.append(f'{name} {seen or "missing"} (locked {asked})')
  if locked:
    rest = f' except {", ".join(unlike)}' if unlike else ''
    findings.append(
      Finding(LOCK.name, f'{len(locked)} packages as locked{rest}')
    )
  return findings


def _installed(name: str) -> str:
  try:
    return importlib.metadata.version(name)
  except importlib.metadata.PackageNotFoundError:
    return ''


def check_declared_packages() -> list[Finding]:
  """Compares installed packages with requirements.lock and the metadata."""
  lock = LOCK.read_text().splitlines() if LOCK.exists() else []
  try:
    metadata = importlib.metadata.requires('planet_tf') or []
  except importlib.metadata.PackageNotFoundError:
    metadata = []
  try:
    return check_packages(requirements(lock), requirements(metadata))
  except ImportError:
    return check_packages({}, {})


def run(code: str) -> tuple[str, str]:
  """Runs Python code in a new process.

  Returns:
    Its output, and its error in one line, empty if there was none.
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
    return child.stdout, f'killed by {signal.Signals(-child.returncode).name}'
  errors = child.stderr.strip().splitlines() or ['no message']
  return child.stdout, errors[-1] if child.returncode else ''


def check_imports(modules: Sequence[str]) -> list[Finding]:
  """Imports each module, which may be installed and broken."""
  findings = []
  for module in modules:
    _, error = run(f'import {module}')
    if error:
      findings.append(Finding(f'import {module}', error, REINSTALL))
  return findings or [Finding('imports', ', '.join(modules))]


def check_devices(driver: bool) -> Finding:
  """Checks TensorFlow's devices.

  Args:
    driver: Whether an NVIDIA driver is loaded.
  """
  printed, error = run(DEVICES)
  if error:
    return Finding('import tensorflow', error, REINSTALL)
  devices = re.findall('^device (.*)$', printed, re.MULTILINE)
  if driver and devices == ['CPU']:
    seen = 'there is an NVIDIA driver, but TensorFlow sees no GPU'
    fix = f"{PIP} 'tensorflow[and-cuda]' in the version above"
    return Finding('devices', seen, fix)
  return Finding('devices', ', '.join(devices))


def check_cpu(flags: set[str], cores: int) -> Finding:
  """Checks the processor, which decides on precision and num_splits.

  Args:
    flags: CPU features, as in /proc/cpuinfo.
    cores: Number of cores.
  """
  found = [name for name in CPU_FEATURES if name in flags]
  seen = f'{cores} cores, {" ".join(found) or "features unknown"}'
  if flags and 'avx' not in flags:
    seen = f"{cores} cores without AVX, which TensorFlow's wheels need"
    return Finding('cpu', seen, 'use another machine or build TensorFlow')
  gains = [x for name, x in hardware.BFLOAT16_GAIN.items() if name in flags]
  why = f'{gains[0]} times as fast' if gains else 'bfloat16 is not faster'
  auto = f"precision 'auto' is {hardware.cpu_precision(flags)}, as {why}"
  num_splits = f"num_splits 'auto' is {hardware.cpu_splits(cores)}"
  return Finding('cpu', f'{seen}; {auto}; {num_splits}')


def check_this_cpu() -> Finding:
  """Checks the processor of this process."""
  return check_cpu(hardware.cpu_features(), hardware.cores())


def check_rendering() -> Finding:
  """Renders a frame with the backend that environments would use."""
  try:
    from planet_tf.envs import rendering
  except ImportError as error:
    return Finding('rendering', str(error), REINSTALL)
  chosen = os.environ.get(rendering.VARIABLE)
  try:
    frame = rendering.probe_frame(rendering.choose_backend())
  except rendering.RenderingUnavailable as error:
    unset = f'unset {rendering.VARIABLE} (it is {chosen}) or ' if chosen else ''
    seen = str(error).rstrip('.')
    return Finding('rendering', seen, unset + rendering.INSTALL)
  return Finding(
    'rendering',
    f'{frame.backend} on {frame.renderer}; pixels of a frame {frame.minimum} '
    f'to {frame.maximum}, mean {frame.mean:.1f}, standard deviation '
    f'{frame.stddev:.1f}, {1e3 * frame.seconds:.1f} ms',
  )


def check_all() -> list[Finding]:
  """Runs all checks."""
  return [
    check_python(sys.version_info[:3]),
    *check_declared_packages(),
    *check_imports(MODULES),
    check_devices(NVIDIA_DRIVER.exists()),
    check_this_cpu(),
    check_rendering(),
  ]
