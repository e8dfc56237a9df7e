"""What the processor is and can do; standard library only."""

import os
import pathlib
import platform

_CPUINFO = pathlib.Path('/proc/cpuinfo')


def cpu_features() -> set[str]:
  """Feature flags such as `avx2`; empty where the system does not tell."""
  return set(_cpuinfo('flags').split())


def cpu_name() -> str:
  """Name of the processor."""
  return _cpuinfo('model name') or platform.processor()


def cores() -> int:
  """Cores that this process may use."""
  try:
    return len(os.sched_getaffinity(0))
  except AttributeError:  # As on macOS.
    return os.cpu_count() or 1


def _cpuinfo(key: str) -> str:
  """First value of a key in Linux' /proc/cpuinfo, or nothing."""
  try:
    lines = _CPUINFO.read_text().splitlines()
  except OSError:
    return ''
  values = (
    value for name, _, value in map(_split, lines) if name.strip() == key
  )
  return next(values, '').strip()


def _split(line: str) -> tuple[str, str, str]:
  return line.partition(':')
