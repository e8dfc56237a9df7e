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

# The weights of the model; a checkpoint also holds counters and means.
_WEIGHT = re.compile(r'graph/(encoder|head_\w+|rnn)/')


def read_checkpoint(prefix: str) -> dict[str, np.ndarray]:
  """Reads all variables of a TensorFlow 1 checkpoint.

  Args:
    prefix: Path of the checkpoint, without `.index`.

  Returns:
    Arrays by name.

  Raises:
    CheckpointError: If there is no checkpoint or it is damaged.
  """
  prefix = prefix.removesuffix('.index')
  if not pathlib.Path(f'{prefix}.index').is_file():
    raise CheckpointError(
      f'No checkpoint {prefix!r}: there is no {prefix}.index; give its path '
      'up to and including the number of its step.'
    )
  try:
    reader = tf.train.load_checkpoint(prefix)
    names = reader.get_variable_to_shape_map()
    return {name: np.asarray(reader.get_tensor(name)) for name in names}
  except (ValueError, IndexError, RuntimeError, tf.errors.OpError) as error:
    raise CheckpointError(
      f'Checkpoint {prefix!r} is damaged ({one_line(error)}); restore its files from '
      'a copy.'
    ) from error


def assign(
  model: WorldModel, values: Mapping[str, np.ndarray], updates: int
) -> bool:
  """Gives a compiled model the weights and, if there, the state of Adam.

  Args:
    model: A world model of the sizes of the checkpoint.
    values: All arrays of the checkpoint by name.
    updates: Updates that Adam has made.

  Returns:
    Whether the state of Adam was there.

  Raises:
    CheckpointError: If names or sizes do not match the model.
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
  """Updates before a checkpoint, from its count of samples.

  The original counts the chunks of training and test batches alike, and
  writes checkpoints after tests.

  Args:
    values: All arrays of the checkpoint by name.
    batch: Chunks in a batch, B.
    updates_per_evaluation: Updates from one test to the next.

  Returns:
    The updates; 0 if the checkpoint has no count.
  """
  batches = int(values.get('global_step', 0)) // batch
  return batches - -(-batches // (updates_per_evaluation + 1))
