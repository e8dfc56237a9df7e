"""Chooses the type in which convolutions compute."""

import tensorflow as tf

from planet_tf.hardware import cpu_features

# Processor features that make bfloat16 products faster than float32.
_CPU_FEATURES = {'amx_bf16', 'avx512_bf16'}

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
  else:
    capable = bool(cpu_features() & _CPU_FEATURES)
  return 'bfloat16' if capable else 'float32'
