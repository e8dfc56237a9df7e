"""Chooses what suits the machine: type of products, num_splits, compiler."""

from typing import Literal

import tensorflow as tf

from planet_tf.ops import hardware

# The first NVIDIA GPUs with bfloat16 tensor cores (Ampere).
_COMPUTE_CAPABILITY = (8, 0)


def choose_precision(precision: str) -> str:
  """Resolves `auto` for the hardware at hand.

  Args:
    precision: `float32`, `bfloat16` or `auto`.

  Returns:
    `bfloat16` where a GPU or the processor gains from it, else `float32`; a
    type that is given stays as it is.
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
  """Resolves `auto`: XLA wins on GPUs and loses on processors."""
  if jit_compile == 'auto':
    return bool(tf.config.list_physical_devices('GPU'))
  return jit_compile


def choose_num_splits(num_splits: int | Literal['auto']) -> int:
  """Resolves `auto`, and gives each chain its share of the threads.

  TensorFlow takes up the numbers of threads when it runs its first operation;
  afterwards, as in a notebook, they stay as they are.

  Args:
    num_splits: Number of splits. `auto` is one per core on CPUs, and 1 on GPUs
      or if TensorFlow's thread counts can no longer be set.

  Returns:
    The number of num_splits.

  Raises:
    ValueError: The number is below 1.
  """
  if num_splits == 'auto':
    gpus = tf.config.list_physical_devices('GPU')
    wanted = 1 if gpus else hardware.cpu_splits(hardware.cores())
    return wanted if _share_threads(wanted) else 1
  if num_splits < 1:
    raise ValueError(
      f"num_splits must be at least 1 or 'auto', got {num_splits}."
    )
  _share_threads(num_splits)
  return num_splits


def _share_threads(num_splits: int) -> bool:
  """Whether each chain has its share of the threads."""
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
