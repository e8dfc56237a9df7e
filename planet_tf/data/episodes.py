"""Store of episodes: one compressed npz file each, readable by numpy alone.

An episode is a dict of arrays of one leading length T (decisions + 1): image
uint8 [T, 64, 64, 3], action float32 [T, A], reward float64 [T], and any
further components of the task's state, float32 [T, ..]. Action and reward of a
step are those that caused its image. Keys, dtypes and the form of file names
are those of the original (control/wrappers.py, tools/numpy_episodes.py), which
reads these files and whose files are read here.
"""

import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from planet_tf.data import names, npz

_DAMAGED = '{}: is damaged or no episode ({}); move the file away'

# What every episode holds, and the rank of each.
RANKS = {'image': 4, 'action': 2, 'reward': 1}


class EpisodeError(ValueError):
  """An episode or its file cannot be used; one line says why."""


def write_episode(
  directory: str | os.PathLike,
  episode: Mapping[str, np.ndarray],
  *,
  name: str | None = None,
) -> pathlib.Path:
  """Writes one episode so that readers see the whole file or none.

  Args:
    directory: Folder of the episodes; made if it does not exist.
    episode: Arrays of one leading length: image uint8 [T, .., .., C], action
      [T, A], reward [T], others [T, ..]. Reward is stored as float64, all
      other floats as float32.
    name: File name, with or without `.npz`; a file of that name is replaced.
      By default the UTC time and an identifier; such names sort in the order
      in which a process wrote them, within a second as well.

  Returns:
    Path of the file.

  Raises:
    EpisodeError: The episode or the name is unusable; nothing is written.
    OSError: The folder or file cannot be written.
  """
  directory = pathlib.Path(directory).expanduser()
  path = directory / _file_name(name)
  arrays = {key: _stored(key, value) for key, value in episode.items()}
  _check_spec(path, {k: (v.shape, v.dtype) for k, v in arrays.items()})
  # As they will be read: what overflows float32 cannot be used.
  _check_finite(path, {k: _narrow(v) for k, v in arrays.items()})
  directory.mkdir(parents=True, exist_ok=True)
  # A leading dot and another ending: no listing takes it for an episode.
  temporary = directory / f'.{path.name}.{os.getpid()}.tmp'
  try:
    with open(temporary, 'wb') as file:
      np.savez_compressed(file, **arrays)
    os.replace(temporary, path)
  except BaseException:
    temporary.unlink(missing_ok=True)
    raise
  return path


def read_episode(
  path: str | os.PathLike, keys: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
  """Reads and checks one episode.

  Args:
    path: An npz file written by `write_episode` or by the original.
    keys: Which arrays to decode; all by default.

  Returns:
    Arrays by key; float64 becomes float32 and int64 becomes int32 (original:
    tools/numpy_episodes.py, episode_reader).

  Raises:
    EpisodeError: The file is missing, damaged or no episode.
  """
  path = pathlib.Path(path)
  spec = read_spec(path)
  missing = [key for key in keys or () if key not in spec]
  if missing:
    raise EpisodeError(
      f'{path}: has no {", ".join(missing)}; ask for {", ".join(spec)}'
    )
  try:
    stored = npz.read_arrays(path, keys or spec)
  except npz.NpzError as error:
    raise EpisodeError(_DAMAGED.format(path, error)) from error
  arrays = {key: _narrow(array) for key, array in stored.items()}
  _check_finite(path, arrays)
  return arrays


def read_spec(path: str | os.PathLike) -> npz.Spec:
  """Shape and dtype of every array of an episode, without decoding any.

  Reads the headers only, a fraction of a millisecond for a file.

  Args:
    path: An npz file of an episode.

  Returns:
    Key to (shape, dtype as stored).

  Raises:
    EpisodeError: The file is missing, damaged or no episode.
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
  except npz.NpzError as error:
    raise EpisodeError(_DAMAGED.format(path, error)) from error
  _check_spec(path, spec)
  return spec


def list_episodes(directory: str | os.PathLike) -> list[pathlib.Path]:
  """Episode files of a folder, sorted by name, which is order of writing.

  Args:
    directory: Folder of the episodes.

  Returns:
    Paths of all `*.npz`; files still being written are left out. A folder
    that does not exist holds none.
  """
  directory = pathlib.Path(directory).expanduser()
  return sorted(
    path for path in directory.glob('*.npz') if not path.name.startswith('.')
  )


def _file_name(name: str | None) -> str:
  if name is None:
    return names.unique_name()
  if not name or name.startswith('.') or pathlib.PurePath(name).name != name:
    raise EpisodeError(
      f'{name!r}: is no name for an episode file; give a plain file name such'
      " as 'episode-0001.npz'"
    )
  return name if name.endswith('.npz') else f'{name}.npz'


def _stored(key: str, value: np.ndarray) -> np.ndarray:
  value = np.asarray(value)
  if value.dtype.kind != 'f':
    return value
  return _cast(value, np.float64 if key == 'reward' else np.float32)


def _narrow(array: np.ndarray) -> np.ndarray:
  narrower = {np.dtype('f8'): np.float32, np.dtype('i8'): np.int32}
  return _cast(array, narrower.get(array.dtype, array.dtype))


def _cast(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
  # Overflow gives infinity, which _check_finite reports by name.
  with np.errstate(over='ignore'):
    return array.astype(dtype, copy=False)


def _check_spec(path: pathlib.Path, spec: npz.Spec) -> None:
  missing = ', '.join(key for key in RANKS if key not in spec)
  if missing:
    raise EpisodeError(
      f'{path}: has no {missing}, only {", ".join(spec) or "nothing"}; an'
      ' episode holds image, action and reward: move the file away'
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
      f'{path}: {key} is not finite at step {step}; remove the file or mend'
      ' the task that made it'
    )
