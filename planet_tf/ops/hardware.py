"""Reads the features of the CPU; uses the standard library only."""

import os
import pathlib
import platform
from collections.abc import Collection

_CPUINFO = pathlib.Path('/proc/cpuinfo')

# CPU features that make bfloat16 products faster than float32, and how many
# times.
BFLOAT16_GAIN = {'amx_bf16': '4 to 5', 'avx512_bf16': '1.8'}

# More splits would leave too few of the paper's 1000 candidates to each: 100
# rows reach 85% of the speed of 500 rows, 50 rows reach 70%.
MAX_SPLITS = 8


def cpu_features() -> set[str]:
  """Returns feature flags such as `avx2`; empty on systems other than Linux."""
  return set(_cpuinfo('flags').split())


def cpu_name() -> str:
  """Returns the name of the CPU."""
  return _cpuinfo('model name') or platform.processor()


def cpu_precision(features: Collection[str]) -> str:
  """Returns the faster type of a CPU, `bfloat16` or `float32`."""
  capable = any(name in features for name in BFLOAT16_GAIN)
  return 'bfloat16' if capable else 'float32'


def cpu_splits(cores: int) -> int:
  """Returns the number of splits that suits a number of cores."""
  return max(1, min(cores, MAX_SPLITS))


def cores() -> int:
  """Returns the number of cores that this process may use."""
  try:
    return len(os.sched_getaffinity(0))
  except AttributeError:  # On macOS and Windows.
    return os.cpu_count() or 1


def _cpuinfo(key: str) -> str:
  """Returns the first value of a key in /proc/cpuinfo, or an empty string."""
  try:
    lines = _CPUINFO.read_text().splitlines()
  except OSError:
    return ''
  for line in lines:
    name, _, value = line.partition(':')
    if name.strip() == key:
      return value.strip()
  return ''
