"""Chooses what suits the machine: precision, number of splits and compiler."""

from typing import Literal

import tensorflow as tf

from planet_tf.ops import hardware

# First NVIDIA GPUs with bfloat16 tensor cores (Ampere).
_COMPUTE_CAPABILITY = (8, 0)


def choose_precision(precision: str) -> str:
  """Returns the type of matrix products; resolves `auto` for this machine.

  Args:
    precision: `float32`, `bfloat16`, or `auto` for `bfloat16` if the GPU or
      else the CPU computes it faster than `float32`.
  """
  if precision != 'auto':
    return precision
  gpus = tf.config.list_physical_devices('GPU')
  if gpus:
    details = tf.config.experimental.get_device_details(gpus[0])
    capable = details.get('compute_capability', (0, 0)) >= _COMPUTE_CAPABILITY
    return 'bfloat16' if capable else 'float32'
  return hardware.cpu_precision(hardware.cpu_features())


def choose_jit_compile(jit_compile: bool | Literal['auto']) -> bool:
  """Returns whether to use XLA; `auto` uses it on GPUs only.

  On CPUs, XLA is slower than TensorFlow's own operations.
  """
  if jit_compile == 'auto':
    return bool(tf.config.list_physical_devices('GPU'))
  return jit_compile


def choose_num_splits(num_splits: int | Literal['auto']) -> int:
  """Returns the number of splits and divides TensorFlow's threads among them.

  TensorFlow's thread counts are fixed by its first operation.

  Args:
    num_splits: Number of splits. `auto` is one per core on CPUs, and 1 on GPUs
      or if the thread counts are fixed already.

  Raises:
    ValueError: The number is below 1.
  """
  if num_splits == 'auto':
    gpus = tf.config.list_physical_devices('GPU')
    wanted = 1 if gpus else hardware.cpu_splits(hardware.cores())
    return wanted if _divide_threads(wanted) else 1
  if num_splits < 1:
    raise ValueError(
      f"num_splits must be at least 1 or 'auto', got {num_splits}."
    )
  _divide_threads(num_splits)
  return num_splits


def _divide_threads(num_splits: int) -> bool:
  """Gives each split its threads; returns whether that was possible."""
  if num_splits == 1:
    return True
  threading = tf.config.threading
  try:
    threading.set_intra_op_parallelism_threads(
      max(1, hardware.cores() // num_splits)
    )
    threading.set_inter_op_parallelism_threads(num_splits)
  except RuntimeError:
    return False
  return True
