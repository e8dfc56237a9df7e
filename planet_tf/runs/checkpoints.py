"""Checkpoints: weights, optimizer state and the position of the run.

`tf.train.Checkpoint` gets the variables by the names in `variable_names`. Its
own tracking misses layers that Keras 3 objects hold in lists and dicts, and
matching by position would restore a wrong weight if two layers of equal shape
changed places.
"""

import contextlib
import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

import planet_tf
from planet_tf.errors import UserError, one_line
from planet_tf.runs.variable_names import (
  Variables,
  optimizer_names,
  weight_names,
)
from planet_tf.world_model import WorldModel

# Bump on every incompatible change. Format 1 matched variables by position
# and stored no format.
FORMAT = 2

# Exceptions that TensorFlow raises for damaged, truncated or missing files.
_UNREADABLE = (AssertionError, IndexError, ValueError, tf.errors.OpError)

_VARIABLE = re.compile(
  r'((?:weights|optimizer)/.+)/\.ATTRIBUTES/VARIABLE_VALUE'
)
_JSON = '{}/.ATTRIBUTES/py_state'


class CheckpointError(UserError):
  """A checkpoint that cannot be written, read or used."""


class _Unreadable(CheckpointError):
  """A damaged checkpoint; an older one may be intact."""


class _Json(tf.train.experimental.PythonState):
  """JSON values inside a TensorFlow checkpoint."""

  def __init__(self, value: dict[str, Any] | None = None) -> None:
    self.value = value or {}

  def serialize(self) -> str:
    return json.dumps(self.value)

  def deserialize(self, string_value: str) -> None:
    self.value = json.loads(string_value)


class Checkpoints:
  """Checkpoints of one run.

  Writes are atomic: a run that is stopped while it writes a checkpoint resumes
  from the previous one.

  Args:
    directory: Folder of the checkpoints.
    model: Compiled world model with built optimizers.
    keep: Number of checkpoints to keep.
  """

  def __init__(
    self, directory: pathlib.Path, model: WorldModel, keep: int
  ) -> None:
    self._weights = weight_names(model)
    self._optimizer = optimizer_names(model)
    self._position = _Json()
    self._checkpoint = tf.train.Checkpoint(
      header=_Json({'format': FORMAT, 'planet_tf': planet_tf.__version__}),
      weights=_values(self._weights),
      optimizer=_values(self._optimizer),
      position=self._position,
    )
    self._manager = tf.train.CheckpointManager(
      self._checkpoint, str(directory), max_to_keep=keep
    )

  def save(self, position: dict[str, Any]) -> pathlib.Path:
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
    except (OSError, tf.errors.OpError) as error:
      raise CheckpointError(
        f'Cannot write a checkpoint: {one_line(error, 500)}; free disk space '
        'or fix the permissions, then run the same command to resume.'
      ) from error

  def restore(self) -> dict[str, Any] | None:
    """Reads the latest intact checkpoint into model and optimizers.

    Returns:
      The position that was saved with it, or None if there is no checkpoint.

    Raises:
      CheckpointError: If all are damaged, or one has another format or is of
        another model.
    """
    errors = []
    for path in reversed(self._manager.checkpoints):
      try:
        _check(path, weights=self._weights, optimizer=self._optimizer)
        with _readable(path):
          self._checkpoint.restore(path).assert_consumed()
      except _Unreadable as error:
        errors.append(error)
        continue
      if errors:
        print(f'{errors[0]} Resuming from {path!r}.')
      return self._position.value
    if errors:
      raise errors[0]
    return None


def restore_model(
  directory: pathlib.Path, model: WorldModel, path: str | None = None
) -> dict[str, Any]:
  """Reads a model's weights, without the state of its optimizers.

  Args:
    directory: Folder of the checkpoints.
    model: World model of the same sizes.
    path: Path prefix of a checkpoint; the latest by default.

  Returns:
    The position of the run when the checkpoint was written.

  Raises:
    CheckpointError: If there is no such checkpoint, or it is damaged, has
      another format or is of another model.
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
  weights, position = weight_names(model), _Json()
  _check(path, weights=weights)
  checkpoint = tf.train.Checkpoint(weights=_values(weights), position=position)
  with _readable(path):
    checkpoint.read(path).assert_existing_objects_matched().expect_partial()
  return position.value


def _values(variables: Variables) -> dict[str, tf.Variable]:
  return {name: variable.value for name, variable in variables.items()}


@contextlib.contextmanager
def _readable(path: str) -> Iterator[None]:
  """Context that turns TensorFlow's errors for damaged files into one line."""
  try:
    yield
  except _UNREADABLE as error:
    raise _Unreadable(
      f'Checkpoint {path!r} cannot be read ({one_line(error)}); restore its '
      'files from a copy or use another one.'
    ) from error


def _check(path: str, **groups: Variables) -> None:
  """Compares a checkpoint's format, names and shapes with what is expected."""
  with _readable(path):
    reader = tf.train.load_checkpoint(path)
    shapes = reader.get_variable_to_shape_map()
    name = _JSON.format('header')
    header = json.loads(reader.get_tensor(name)) if name in shapes else {}
  if header.get('format') != FORMAT:
    _refuse_format(path, header, _JSON.format('position') in shapes)
  saved = {
    _unescape(match[1]): tuple(shape)
    for name, shape in shapes.items()
    if (match := _VARIABLE.fullmatch(name)) and name.split('/')[0] in groups
  }
  wanted = {
    f'{group}/{name}': tuple(variable.shape)
    for group, variables in groups.items()
    for name, variable in variables.items()
  }
  _compare(path, saved, wanted)


def _refuse_format(path: str, header: dict[str, Any], is_run: bool) -> None:
  if not is_run:
    raise CheckpointError(
      f'{path!r} is not a checkpoint of planet_tf; tools.import_original reads '
      'those of the original code.'
    )
  raise CheckpointError(
    f'Checkpoint {path!r} has format {header.get("format", 1)} of planet_tf '
    f'{header.get("planet_tf", "0.1.0")}, and planet_tf '
    f'{planet_tf.__version__} reads format {FORMAT}; use the version that '
    'wrote it, or train in a new --logdir.'
  )


def _compare(
  path: str,
  saved: dict[str, tuple[int, ...]],
  wanted: dict[str, tuple[int, ...]],
) -> None:
  differences = [f'it lacks {x}' for x in wanted if x not in saved]
  differences += [f'it has {x}' for x in sorted(saved) if x not in wanted]
  differences += [
    f'{x} has shape {saved[x]} instead of {shape}'
    for x, shape in wanted.items()
    if saved.get(x, shape) != shape
  ]
  if differences:
    more = len(differences) - 3
    raise CheckpointError(
      f'Checkpoint {path!r} is of another model: {", ".join(differences[:3])}'
      f'{f" and {more} more" if more > 0 else ""}; use the settings of the run.'
    )


def _unescape(name: str) -> str:
  """Undoes how TensorFlow escapes names in checkpoints."""
  return re.sub(r'\.([.S])', lambda match: '/.'[match[1] == '.'], name)
