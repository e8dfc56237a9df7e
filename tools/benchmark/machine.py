"""Describes the machine: hardware, load and peak speed."""

import math
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from planet_tf.ops.hardware import cpu_features
from planet_tf.ops.parallel import split
from planet_tf.runs.provenance import describe_process
from tools.benchmark.timing import measure

SIDE = 2048  # Side of the square matrices whose product gives the peak.
IMAGES = 32  # Batch of the convolution.
MAX_DRIFT = 0.1  # Relative change of the peak that makes timings unreliable.
TYPES = ('float32', 'bfloat16')

# Prefixes of processor features that determine the speed of products.
_FEATURES = ('amx', 'avx', 'fma', 'sve', 'asimd')


def describe() -> dict[str, Any]:
  """Returns versions, commit, hardware, threads and load."""
  features = sorted(x for x in cpu_features() if x.startswith(_FEATURES))
  threading = tf.config.threading
  gpus = tf.config.list_physical_devices('GPU')
  details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
  return {
    **describe_process(),
    'cpu_features': features,
    # 0 means that TensorFlow decides: one thread per core.
    'intra_op_threads': threading.get_intra_op_parallelism_threads(),
    'inter_op_threads': threading.get_inter_op_parallelism_threads(),
    'gpus': [detail.get('device_name', 'unknown') for detail in details],
    'load_average': list(os.getloadavg()),
    'available_memory_gb': available_memory(),
  }


def busy(session: Mapping[str, Any]) -> str | None:
  """Returns a warning if other programs used the cores at the start."""
  load, cores = session['load_average'][0], session['cores']
  if load < 0.3 * cores:
    return None
  return (
    f'the machine is busy (load average {load:.2f} on {cores} cores), so '
    'timings are too slow; stop other programs and measure again.'
  )


def relative_drift(gemm: Mapping[str, Any], dtype: str) -> float | None:
  """Returns the relative change of a peak during the benchmark."""
  if len(gemm) < 2:
    return None
  before, after = (gemm[when][dtype] for when in ('before', 'after'))
  return after['median_gflops'] / before['median_gflops'] - 1


def unsteady(record: Mapping[str, Any]) -> str | None:
  """Returns a warning if the speed of the machine changed meanwhile."""
  drift = relative_drift(record['gemm'], 'float32')
  if drift is None or abs(drift) <= MAX_DRIFT:
    return None
  return (
    f'the float32 peak changed by {drift:+.0%} during the benchmark; measure '
    'again on a quiet machine.'
  )


def available_memory() -> float | None:
  """Returns free memory in gigabytes, or None on systems other than Linux."""
  try:
    lines = pathlib.Path('/proc/meminfo').read_text().splitlines()
  except OSError:
    return None
  kilobytes = (x.split()[1] for x in lines if x.startswith('MemAvailable:'))
  value = next(kilobytes, None)
  return None if value is None else round(int(value) / 1e6, 2)


def gemm_peak(repeats: int, num_splits: int = 1) -> dict[str, dict[str, float]]:
  """Returns the speed of a large matrix product, a bound for all others.

  Args:
    repeats: Number of repeats.
    num_splits: Number of parts that are computed in parallel.

  Returns:
    Median, minimum and maximum GFLOP/s of the repeats by type.
  """

  # Only one element: copying the product from a GPU takes longer than it.
  @tf.function
  def multiply(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    parts = [
      tf.matmul(part, right)[0, 0] for part in split(left, num_splits, 0)
    ]
    return tf.add_n(parts)

  operations = 2 * SIDE**3 / 1e9
  peaks = {}
  for dtype in TYPES:
    left, right = (
      tf.cast(tf.random.stateless_normal((SIDE, SIDE), (0, i)), dtype)
      for i in range(2)
    )
    timing = measure(lambda: multiply(left, right).numpy(), repeats)  # noqa: B023
    peaks[dtype] = {
      'median_gflops': operations / timing.median_seconds,
      'minimum_gflops': operations / timing.maximum_seconds,
      'maximum_gflops': operations / timing.minimum_seconds,
    }
  return peaks


def convolution_peak(repeats: int) -> dict[str, float]:
  """Returns the GFLOP/s of an efficient convolution by type."""
  images, kernel = (IMAGES, 32, 32, 64), (3, 3, 64, 128)
  operations = 2 * math.prod(images) * math.prod(kernel[:2]) * kernel[3] / 1e9
  convolve = tf.function(lambda x, k: tf.nn.conv2d(x, k, 1, 'SAME')[0, 0, 0, 0])
  result = {}
  for dtype in TYPES:
    tensors = [
      tf.cast(tf.random.stateless_normal(shape, (1, 2)), dtype)
      for shape in (images, kernel)
    ]
    timing = measure(lambda: convolve(*tensors).numpy(), repeats)  # noqa: B023
    result[dtype] = operations / timing.median_seconds
  return result
