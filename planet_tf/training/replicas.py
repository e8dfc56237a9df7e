"""Updates on several devices, each of which computes a part of the batch.

Gradients are averaged before they are clipped and applied, so the batch size
is the same as on one device.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import tensorflow as tf

from planet_tf.config.registry import ConfigurationError
from planet_tf.ops.parallel import split_batch
from planet_tf.world_model import WorldModel


def make_strategy(name: Literal['one', 'mirrored']) -> tf.distribute.Strategy:
  """Returns the strategy in whose scope to create and update a model.

  Args:
    name: `one` device, or `mirrored` on all GPUs. Without GPUs, the devices
      are the logical CPUs.
  """
  if name == 'one':
    return tf.distribute.get_strategy()
  kind = 'GPU' if _has_gpus() else 'CPU'
  devices = [x.name for x in tf.config.list_logical_devices(kind)]
  return tf.distribute.MirroredStrategy(devices)


def check_compiler(model: WorldModel, strategy: tf.distribute.Strategy) -> None:
  """Checks that XLA can compile the update of a model.

  Raises:
    ConfigurationError: XLA cannot average gradients over logical CPUs.
  """
  replicas = strategy.num_replicas_in_sync
  if model.jit and replicas > 1 and not _has_gpus():
    raise ConfigurationError(
      'make_world_model.jit_compile=True cannot average gradients over '
      "several CPU devices, which train.strategy='mirrored' uses; set it to "
      "'auto' or False."
    )


def compiled_update(
  model: WorldModel, strategy: tf.distribute.Strategy
) -> Callable[[Mapping[str, np.ndarray]], dict[str, tf.Tensor]]:
  """Compiles the update of a model.

  Args:
    model: Model created in the scope of the strategy.
    strategy: Output of `make_strategy`.

  Returns:
    Function from a batch [B, ..] to its metrics.
  """
  replicas = strategy.num_replicas_in_sync
  step = model.update
  if replicas == 1:
    return tf.function(step, jit_compile=model.jit or None, autograph=False)
  if model.jit:
    # XLA compiles the computation of one device.
    step = tf.function(step, jit_compile=True, autograph=False)

  def update(batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    parts = split_batch(batch, replicas)
    parts = strategy.experimental_distribute_values_from_function(
      lambda context: parts[context.replica_id_in_sync_group]
    )
    metrics = strategy.run(step, (parts,))
    # All replicas have the same metrics.
    return {k: strategy.unwrap(x)[0] for k, x in metrics.items()}

  return tf.function(update, autograph=False)


def _has_gpus() -> bool:
  return bool(tf.config.list_physical_devices('GPU'))
