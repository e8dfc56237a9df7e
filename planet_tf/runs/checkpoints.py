"""Checkpoints: weights, optimizer and the position of the run, in one piece.

The variables are listed one by one: TensorFlow's own tracking does not see
the layers that Keras 3 objects hold in lists and dicts, and passes over what
it does not see.
"""

import contextlib
import json
import pathlib
import re
from collections.abc import Iterator

import tensorflow as tf

from planet_tf.world_model import WorldModel

# What TensorFlow raises for files that are damaged, cut short or missing.
_UNREADABLE = (AssertionError, IndexError, ValueError, tf.errors.OpError)

_WEIGHT = re.compile(r'weights/(\d+)/\.ATTRIBUTES/VARIABLE_VALUE')


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
    model: Compiled world model whose optimizer has been built.
    keep: Number of checkpoints to keep.
  """

  def __init__(
    self, directory: pathlib.Path, model: WorldModel, keep: int
  ) -> None:
    self._model = model
    self._position = _Json()
    self._checkpoint = tf.train.Checkpoint(
      weights=[variable.value for variable in model.variables],
      optimizer=[variable.value for variable in model.optimizer_variables],
      position=self._position,
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

    Raises:
      CheckpointError: If it cannot be written.
    """
    self._position.value = position
    try:
      return pathlib.Path(self._manager.save())
    except tf.errors.OpError as error:
      raise CheckpointError(
        f'Cannot write a checkpoint: {_one_line(error)}; make room or mend '
        'the permissions, then the same command goes on from the last one.'
      ) from error

  def restore(self) -> dict | None:
    """Reads the latest checkpoint into model and optimizer.

    A damaged one is passed over for the one before.

    Returns:
      The position that was saved with it, or None if there is no checkpoint.

    Raises:
      CheckpointError: If all are damaged or of another model.
    """
    errors = []
    for path in reversed(self._manager.checkpoints):
      try:
        _check_weights(path, self._model)
        with _readable(path):
          self._checkpoint.restore(path).assert_consumed()
      except CheckpointError as error:
        errors.append(error)
        continue
      if errors:
        print(f'{errors[0]} Going on from {path!r}.')
      return self._position.value
    if errors:
      raise errors[0]
    return None


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
    CheckpointError: If there is no such checkpoint, or it is damaged or of
      another model.
  """
  path = path or tf.train.latest_checkpoint(str(directory))
  if path is None:
    raise CheckpointError(
      f'No checkpoint in {str(directory)!r}; train for at least one episode '
      'first.'
    )
  path = str(path).removesuffix('.index')
  if not pathlib.Path(f'{path}.index').is_file():
    raise CheckpointError(
      f'No checkpoint {path!r}; give the path of its .index file.'
    )
  _check_weights(path, model)
  position = _Json()
  checkpoint = tf.train.Checkpoint(
    weights=[variable.value for variable in model.variables],
    position=position,
  )
  with _readable(path):
    checkpoint.read(path).assert_existing_objects_matched().expect_partial()
  return position.value


@contextlib.contextmanager
def _readable(path: str) -> Iterator[None]:
  """Turns what TensorFlow raises for a damaged checkpoint into one line."""
  try:
    yield
  except _UNREADABLE as error:
    raise CheckpointError(
      f'Checkpoint {path!r} cannot be read ({_one_line(error)}); restore its '
      'files from a copy or use another one.'
    ) from error


def _check_weights(path: str, model: WorldModel) -> None:
  """Compares the shapes in a checkpoint with those of a model."""
  with _readable(path):
    shapes = tf.train.load_checkpoint(path).get_variable_to_shape_map()
  saved = {
    int(match[1]): tuple(shape)
    for name, shape in shapes.items()
    if (match := _WEIGHT.fullmatch(name))
  }
  wanted = {i: tuple(v.shape) for i, v in enumerate(model.variables)}
  if saved != wanted:
    raise CheckpointError(
      f'Checkpoint {path!r} is of another model: it has {len(saved)} '
      f'variables with {_count(saved):,} numbers, this model {len(wanted)} '
      f'with {_count(wanted):,}.'
    )


def _count(shapes: dict[int, tuple[int, ...]]) -> int:
  return sum(tf.TensorShape(shape).num_elements() for shape in shapes.values())


def _one_line(error: Exception) -> str:
  return ' '.join(str(error).split())[:200]
