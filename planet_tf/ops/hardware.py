"""What the processor is and can do; standard library only."""

import os
import pathlib
import platform
from collections.abc import Collection

_CPUINFO = pathlib.Path('/proc/cpuinfo')

# Features that make bfloat16 products faster than float32, and how many times.
BFLOAT16_GAIN = {'amx_bf16': '4 to 5', 'avx512_bf16': '1.8'}

# With more, a chain of the paper's 1000 candidates would have too few rows for
# fast products (100 rows reach 85% of the speed of 500, 50 rows 70%).
MAX_SPLITS = 8


def cpu_features() -> set[str]:
  """Feature flags such as `avx2`; empty where the system does not tell."""
  return set(_cpuinfo('flags').split())


def cpu_name() -> str:
  """Name of the processor."""
  return _cpuinfo('model name') or platform.processor()


def cpu_precision(features: Collection[str]) -> str:
  """The type in which a processor with these features computes faster."""
  capable = any(name in features for name in BFLOAT16_GAIN)
  return 'bfloat16' if capable else 'float32'


def cpu_splits(cores: int) -> int:
  """Chains (`planet_tf.ops.parallel`) that suit so many cores."""
  return max(1, min(cores, MAX_SPLITS))


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
