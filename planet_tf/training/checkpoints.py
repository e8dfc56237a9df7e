"""Checkpoints: weights, optimizer and the position of the run, in one piece."""

import json
import pathlib

import tensorflow as tf

from planet_tf.world_model import WorldModel


class CheckpointError(ValueError):
  """A checkpoint that cannot be read; the message is one line."""


class _Json(tf.train.experimental.PythonState):
  """Plain values that travel inside a TensorFlow checkpoint."""

  def __init__(self) -> None:
    self.value: dict = {}

  def serialize(self) -> str:
    return json.dumps(self.value)

  def deserialize(self, string_value: str) -> None:
    self.value = json.loads(string_value)


class Checkpoints:
  """The checkpoints of one run.

  A checkpoint becomes visible only when it is complete, so a run that is
  stopped while writing goes on from the one before.

  Args:
    directory: Folder of the checkpoints.
    model: Compiled world model.
    keep: Number of checkpoints to keep.
  """

  def __init__(
    self, directory: pathlib.Path, model: WorldModel, keep: int
  ) -> None:
    self._position = _Json()
    self._checkpoint = tf.train.Checkpoint(
      model=model, optimizer=model.optimizer, position=self._position
    )
    self._manager = tf.train.CheckpointManager(
      self._checkpoint, str(directory), max_to_keep=keep
    )

  def save(self, position: dict) -> pathlib.Path:
    """Writes a checkpoint.

    Args:
      position: Counters and data position, JSON values.

    Returns:
      Path prefix of its files.
    """
    self._position.value = position
    return pathlib.Path(self._manager.save())

  def restore(self) -> dict | None:
    """Reads the latest checkpoint into model and optimizer.

    Returns:
      The position that was saved with it, or None if there is no checkpoint.

    Raises:
      CheckpointError: If the checkpoint does not fit the model.
    """
    path = self._manager.latest_checkpoint
    if path is None:
      return None
    status = _read(self._checkpoint, path)
    status.assert_existing_objects_matched()
    return self._position.value


def restore_model(
  directory: pathlib.Path, model: WorldModel, path: str | None = None
) -> dict:
  """Reads a model's weights, for use rather than training.

  Args:
    directory: Folder of the checkpoints.
    model: World model of the same sizes.
    path: Path prefix of one checkpoint; the latest by default.

  Returns:
    The position of the run when the checkpoint was written.

  Raises:
    CheckpointError: If there is no such checkpoint or it does not fit.
  """
  path = path or tf.train.latest_checkpoint(str(directory))
  if path is None:
    raise CheckpointError(
      f'No checkpoint in {directory}; train for at least one episode first.'
    )
  path = str(path).removesuffix('.index')
  if not pathlib.Path(f'{path}.index').is_file():
    raise CheckpointError(
      f'No checkpoint {path!r}; give the path of its .index file.'
    )
  position = _Json()
  checkpoint = tf.train.Checkpoint(model=model, position=position)
  status = _read(checkpoint, path)
  status.assert_existing_objects_matched()
  status.expect_partial()
  return position.value


def _read(checkpoint: tf.train.Checkpoint, path: str):
  try:
    return checkpoint.read(path)
  except (ValueError, tf.errors.OpError) as error:
    reason = ' '.join(str(error).split())[:200]
    raise CheckpointError(
      f'Checkpoint {path!r} does not fit this model or is damaged: {reason}'
    ) from error
