"""What must be known of a machine to judge timings taken on it."""

import math
import os
import pathlib

import tensorflow as tf

from planet_tf.ops.hardware import cpu_features
from planet_tf.ops.parallel import split
from planet_tf.runs.provenance import describe_session
from tools.benchmark.timing import measure

SIDE = 2048  # Of the square matrices whose product gives the peak.
IMAGES = 32  # Of the convolution.
TYPES = ('float32', 'bfloat16')

# Families of processor features that decide how fast products are.
_FEATURES = ('amx', 'avx', 'fma', 'sve', 'asimd')


def describe() -> dict[str, object]:
  """Versions, commit, hardware, threads and load of this process."""
  features = sorted(x for x in cpu_features() if x.startswith(_FEATURES))
  threading = tf.config.threading
  gpus = tf.config.list_physical_devices('GPU')
  details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
  return {
    **describe_session(),
    'cpu_features': features,
    # 0 leaves the number of threads to TensorFlow: one per core.
    'intra_op_threads': threading.get_intra_op_parallelism_threads(),
    'inter_op_threads': threading.get_inter_op_parallelism_threads(),
    'gpus': [detail.get('device_name', 'unknown') for detail in details],
    'load_average': list(os.getloadavg()),
    'available_memory_gb': available_memory(),
  }


def busy(session: dict[str, object]) -> str | None:
  """A warning if other programs used the cores when the benchmark began."""
  load, cores = session['load_average'][0], session['cores']
  if load < 0.3 * cores:
    return None
  return (
    f'the machine is busy (load average {load:.2f} on {cores} cores); '
    'these timings are too slow to be reported.'
  )


def available_memory() -> float | None:
  """Gigabytes of free memory; None where Linux does not tell it."""
  try:
    lines = pathlib.Path('/proc/meminfo').read_text().splitlines()
  except OSError:
    return None
  kilobytes = (x.split()[1] for x in lines if x.startswith('MemAvailable:'))
  value = next(kilobytes, None)
  return None if value is None else round(int(value) / 1e6, 2)


def gemm_peak(repeats: int, num_splits: int = 1) -> dict[str, dict[str, float]]:
  """Speed of a large matrix product, which bounds all others.

  Args:
    repeats: Number of repeats.
    num_splits: Parts of it that are computed side by side.

  Returns:
    For each type, GFLOP/s: median, minimum and maximum of the repeats.
  """

  # One element comes back: from a GPU the whole would take longer than it.
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
  """Speed of a convolution that suits processors well, GFLOP/s by type."""
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
