"""Updates on several devices: each computes a part of the batch.

The batch, and so what is learned, stays the same: gradients are averaged
before they are clipped and applied.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import tensorflow as tf

from planet_tf.config.registry import ConfigurationError
from planet_tf.ops.parallel import split_batch
from planet_tf.world_model import WorldModel


def make_strategy(name: Literal['one', 'mirrored']) -> tf.distribute.Strategy:
  """Makes the strategy under which a model is made and updated.

  Args:
    name: `one` device, or `mirrored` on all GPUs (without any, on all virtual
      devices of the processor).

  Returns:
    The strategy.
  """
  if name == 'one':
    return tf.distribute.get_strategy()
  kind = 'GPU' if _has_gpus() else 'CPU'
  devices = [x.name for x in tf.config.list_logical_devices(kind)]
  return tf.distribute.MirroredStrategy(devices)


def check_compiler(model: WorldModel, strategy: tf.distribute.Strategy) -> None:
  """Finds updates that cannot be compiled by XLA.

  Raises:
    ConfigurationError: It would average gradients between devices of the
      processor.
  """
  replicas = strategy.num_replicas_in_sync
  if model.jit and replicas > 1 and not _has_gpus():
    raise ConfigurationError(
      'make_world_model.jit_compile=True does not go with '
      "train.strategy='mirrored' on several devices of the processor; leave it "
      "at 'auto'."
    )


def compiled_update(
  model: WorldModel, strategy: tf.distribute.Strategy
) -> Callable[[Mapping[str, np.ndarray]], dict[str, tf.Tensor]]:
  """Compiles the update of a model.

  Args:
    model: Model that was made under the strategy.
    strategy: What `make_strategy` returns.

  Returns:
    Function of a batch [B, ..] that returns the metrics.
  """
  replicas = strategy.num_replicas_in_sync
  step = model.train_step
  if replicas == 1:
    return tf.function(step, jit_compile=model.jit or None, autograph=False)
  if model.jit:
    # XLA is for one device.
    step = tf.function(step, jit_compile=True, autograph=False)

  def update(batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    parts = split_batch(batch, replicas)
    parts = strategy.experimental_distribute_values_from_function(
      lambda context: parts[context.replica_id_in_sync_group]
    )
    metrics = strategy.run(step, (parts,))
    # They are equal in all replicas.
    return {k: strategy.unwrap(x)[0] for k, x in metrics.items()}

  return tf.function(update, autograph=False)


def _has_gpus() -> bool:
  return bool(tf.config.list_physical_devices('GPU'))
