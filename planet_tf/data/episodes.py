"""Episode files: one compressed npz file per episode, readable by NumPy alone.

An episode is a dict of arrays with equal leading length T (decisions + 1):
image uint8 [T, 64, 64, 3], action float32 [T, A], reward float64 [T], and other
components of the task's state, float32 [T, ..]. The action and reward of a step
are those that caused its image. Keys, dtypes and file names have the format of
the original (control/wrappers.py, tools/numpy_episodes.py), so each of the two
programs can read the files of the other.
"""

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from planet_tf.data import names, npz
from planet_tf.errors import UserError, file_errors

Episode = dict[str, np.ndarray]
Path = str | os.PathLike[str]

_DAMAGED = '{}: is damaged or not an episode ({}); move the file away'

# Arrays that every episode holds, and their ranks.
RANKS = {'image': 4, 'action': 2, 'reward': 1}

_NARROWER = {
  np.dtype(np.float64): np.dtype(np.float32),
  np.dtype(np.int64): np.dtype(np.int32),
}


class EpisodeError(UserError):
  """An episode or its file cannot be used."""


def write_episode(
  directory: Path,
  episode: Mapping[str, np.ndarray],
  *,
  name: str | None = None,
) -> pathlib.Path:
  """Writes one episode atomically: readers see the whole file or no file.

  Args:
    directory: Folder of the episodes. Created if it does not exist.
    episode: Arrays with equal leading length: image uint8 [T, .., .., C],
      action [T, A], reward [T], others [T, ..]. Reward is stored as float64,
      all other floats as float32.
    name: File name, with or without `.npz`. An existing file is replaced. The
      default is the UTC time and an identifier; these names sort in the order
      of writing, even within a second.

  Returns:
    Path of the file.

  Raises:
    EpisodeError: The episode or the name is invalid. Nothing is written.
    FileError: The folder or file cannot be written.
  """
  directory = pathlib.Path(directory).expanduser()
  path = directory / _file_name(name)
  arrays: dict[str, Any] = {
    key: _stored(key, value) for key, value in episode.items()
  }
  _check_spec(path, {k: (v.shape, v.dtype) for k, v in arrays.items()})
  # Checks the values that readers get: large numbers overflow in float32.
  _check_finite(path, {k: _narrow(v) for k, v in arrays.items()})
  with file_errors('write', path):
    directory.mkdir(parents=True, exist_ok=True)
    _write_atomically(path, arrays)
  return path


def read_episode(path: Path, keys: Sequence[str] | None = None) -> Episode:
  """Reads and checks one episode.

  Args:
    path: An npz file written by `write_episode` or by the original.
    keys: Arrays to decode. The default is all.

  Returns:
    Arrays by key. float64 becomes float32 and int64 becomes int32 (original:
    tools/numpy_episodes.py, episode_reader).

  Raises:
    EpisodeError: The file is missing, damaged or not an episode.
  """
  path = pathlib.Path(path)
  spec = read_spec(path)
  missing = [key for key in keys or () if key not in spec]
  if missing:
    raise EpisodeError(
      f'{path}: has no {", ".join(missing)}; ask for {", ".join(spec)}'
    )
  try:
    with file_errors('read', path):
      stored = npz.read_arrays(path, keys or spec)
  except npz.NpzError as error:
    raise EpisodeError(_DAMAGED.format(path, error)) from error
  arrays = {key: _narrow(array) for key, array in stored.items()}
  _check_finite(path, arrays)
  return arrays


def read_spec(path: Path) -> npz.Spec:
  """Returns the shapes and dtypes of an episode without decoding its arrays.

  Reads only the headers, which takes a fraction of a millisecond.

  Args:
    path: An npz file of an episode.

  Returns:
    Key to (shape, dtype as stored).

  Raises:
    EpisodeError: The file is missing, damaged or not an episode.
  """
  path = pathlib.Path(path)
  try:
    spec = npz.read_headers(path)
  except FileNotFoundError as error:
    raise EpisodeError(
      f'{path}: does not exist; put the file back or start without it'
    ) from error
  except IsADirectoryError as error:
    raise EpisodeError(f'{path}: is a folder; move it away') from error
  except OSError as error:
    raise EpisodeError(
      f'{path}: cannot be read ({error.strerror}); fix its permissions'
    ) from error
  except npz.NpzError as error:
    raise EpisodeError(_DAMAGED.format(path, error)) from error
  _check_spec(path, spec)
  return spec


def list_episodes(directory: Path) -> list[pathlib.Path]:
  """Returns the episode files of a folder in the order of their names.

  This is the order of writing, unless the names were chosen otherwise.

  Args:
    directory: Folder of the episodes.

  Returns:
    Paths of all `*.npz` files, without files that are still being written.
    Empty if the folder does not exist.
  """
  directory = pathlib.Path(directory).expanduser()
  return sorted(
    path for path in directory.glob('*.npz') if not path.name.startswith('.')
  )


def _write_atomically(path: pathlib.Path, arrays: dict[str, Any]) -> None:
  # list_episodes ignores names with a leading dot and another suffix.
  temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
  try:
    with open(temporary, 'wb') as file:
      np.savez_compressed(file, **arrays)
    os.replace(temporary, path)
  except BaseException:
    temporary.unlink(missing_ok=True)
    raise


def _file_name(name: str | None) -> str:
  if name is None:
    return names.unique_name()
  if not name or name.startswith('.') or pathlib.PurePath(name).name != name:
    raise EpisodeError(
      f'{name!r}: is not a name for an episode file; give a plain file name'
      " such as 'episode-0001.npz'"
    )
  return name if name.endswith('.npz') else f'{name}.npz'


def _stored(key: str, value: np.ndarray) -> np.ndarray:
  value = np.asarray(value)
  if value.dtype.kind != 'f':
    return value
  return _cast(value, np.dtype(np.float64 if key == 'reward' else np.float32))


def _narrow(array: np.ndarray) -> np.ndarray:
  return _cast(array, _NARROWER.get(array.dtype, array.dtype))


def _cast(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
  # Overflow gives infinity, which _check_finite reports.
  with np.errstate(over='ignore'):
    return array.astype(dtype, copy=False)


def _check_spec(path: pathlib.Path, spec: npz.Spec) -> None:
  missing = ', '.join(key for key in RANKS if key not in spec)
  if missing:
    raise EpisodeError(
      f'{path}: has no {missing}, only {", ".join(spec) or "nothing"}; an'
      ' episode holds image, action and reward; move the file away'
    )
  for key, (shape, dtype) in spec.items():
    good = dtype == np.uint8 if key == 'image' else dtype.kind in 'biuf'
    if not good or len(shape) != RANKS.get(key, len(shape)):
      kind = 'uint8' if key == 'image' else 'numbers'
      rank = f' of rank {RANKS[key]}' if key in RANKS else ''
      raise EpisodeError(
        f'{path}: {key} is {dtype} of shape {list(shape)}, but must be'
        f' {kind}{rank}; record the episode again'
      )
  lengths = {key: shape[0] if shape else 0 for key, (shape, _) in spec.items()}
  if len(set(lengths.values())) > 1 or not lengths['image']:
    listed = ', '.join(f'{key} {length}' for key, length in lengths.items())
    raise EpisodeError(
      f'{path}: arrays must share one length of at least 1, but are {listed};'
      ' record the episode again'
    )


def _check_finite(path: pathlib.Path, arrays: Mapping[str, np.ndarray]) -> None:
  for key, array in arrays.items():
    if array.dtype.kind != 'f' or np.isfinite(array).all():
      continue
    step = int(np.argwhere(~np.isfinite(array))[0][0])
    raise EpisodeError(
      f'{path}: {key} is not finite at step {step}; remove the file or fix'
      ' the task that made it'
    )
