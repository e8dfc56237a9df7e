"""Reads checkpoints of the original TensorFlow 1 code."""

import pathlib
import re
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from planet_tf.errors import one_line
from planet_tf.original.variables import adam_slots, load_original
from planet_tf.runs.checkpoints import CheckpointError
from planet_tf.world_model import WorldModel

# Names of weights; a checkpoint also holds counters and running means.
_WEIGHT = re.compile(r'graph/(encoder|head_\w+|rnn)/')


def read_checkpoint(prefix: str) -> dict[str, np.ndarray]:
  """Reads all variables of a TensorFlow 1 checkpoint.

  Args:
    prefix: Path of the checkpoint, without `.index`.

  Returns:
    Arrays by name.

  Raises:
    CheckpointError: There is no checkpoint, or it is damaged.
  """
  prefix = prefix.removesuffix('.index')
  if not pathlib.Path(f'{prefix}.index').is_file():
    raise CheckpointError(
      f'No checkpoint {prefix!r}: there is no {prefix}.index; give the path '
      'up to the step number, such as DIR/model.ckpt-1000.'
    )
  try:
    reader = tf.train.load_checkpoint(prefix)
    names = reader.get_variable_to_shape_map()
    return {name: np.asarray(reader.get_tensor(name)) for name in names}
  except (ValueError, IndexError, RuntimeError, tf.errors.OpError) as error:
    raise CheckpointError(
      f'Checkpoint {prefix!r} is damaged ({one_line(error)}); restore its '
      'files from a copy.'
    ) from error


def assign(
  model: WorldModel, values: Mapping[str, np.ndarray], updates: int
) -> bool:
  """Assigns the weights and, if saved, the state of Adam to a compiled model.

  Args:
    model: World model of the same sizes as the checkpoint.
    values: All arrays of the checkpoint by name.
    updates: Number of updates before the checkpoint.

  Returns:
    Whether the checkpoint holds the state of Adam.

  Raises:
    CheckpointError: Names or shapes do not match the model.
  """
  weights = {k: v for k, v in values.items() if _WEIGHT.match(k)}
  try:
    load_original(model, weights)
  except ValueError as error:
    raise CheckpointError(
      f'{error} The gin files must describe the model of the checkpoint.'
    ) from error
  slots = adam_slots(model.optimizer, model)
  if not set(slots) <= set(values):
    return False
  for name, slot in slots.items():
    slot.assign(values[name])
  model.optimizer.iterations.assign(updates)
  return True


def count_updates(
  values: Mapping[str, np.ndarray], batch: int, updates_per_evaluation: int
) -> int:
  """Returns the number of updates before a checkpoint.

  The original counts the chunks of training and of test batches together, and
  writes checkpoints after test batches.

  Args:
    values: All arrays of the checkpoint by name.
    batch: Chunks in a batch, B.
    updates_per_evaluation: Updates between two test batches.

  Returns:
    The number of updates; 0 if the checkpoint has no counter.
  """
  batches = int(values.get('global_step', 0)) // batch
  return batches - -(-batches // (updates_per_evaluation + 1))
