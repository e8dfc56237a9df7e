"""A folder of episodes that can be sampled together."""

import pathlib
from collections.abc import Sequence

from planet_tf.data import episodes, npz
from planet_tf.data.episodes import Episode, EpisodeError


class EpisodeFolder:
  """Lists the files of a folder and checks the headers of each file once.

  The lengths of episodes are known without decoding them, so draws do not
  depend on the cache, and an invalid file is reported when it is listed.
  """

  def __init__(
    self, directory: pathlib.Path, keys: Sequence[str], min_steps: int
  ) -> None:
    """Stores the arguments without reading the folder.

    Args:
      directory: Folder of episode files.
      keys: Arrays that every episode must have.
      min_steps: Minimum number of time steps of an episode.
    """
    self._directory = directory
    self._keys = tuple(keys)
    self._min_steps = min_steps
    self._specs: dict[str, npz.Spec] = {}

  def listing(self, known: Sequence[str] = ()) -> list[str]:
    """Lists the folder and checks the new files.

    Args:
      known: Names of files that must still exist.

    Returns:
      Sorted names, at least one.

    Raises:
      EpisodeError: There is no file, a known file is gone, or one is invalid.
    """
    names = [path.name for path in episodes.list_episodes(self._directory)]
    self._check_known(known, names)
    if not names:
      raise EpisodeError(
        f'{self._directory}: holds no episode files (*.npz); collect an'
        ' episode first or choose another folder'
      )
    self.inspect(names)
    return names

  def inspect(self, names: Sequence[str]) -> None:
    """Checks the headers of the files that have not been checked yet.

    Raises:
      EpisodeError: A file is missing, damaged, too short, or of another task.
    """
    for name in names:
      if name not in self._specs:
        path = self._directory / name
        spec = episodes.read_spec(path)
        self._check_length(path, spec)
        self._check_arrays(path, spec)
        self._specs[name] = spec

  def steps(self, name: str) -> int:
    """Returns the time steps of an inspected episode: its decisions + 1."""
    return self._specs[name]['reward'][0][0]

  def read(self, name: str) -> Episode:
    """Decodes the arrays `keys` of an inspected episode.

    Raises:
      EpisodeError: The file is missing or damaged, or was replaced by an
        episode of another shape.
    """
    path = self._directory / name
    episode = episodes.read_episode(path, self._keys)
    for key, array in episode.items():
      if array.shape != self._specs[name][key][0]:
        raise EpisodeError(
          f'{path}: was replaced by another episode while in use; give new'
          ' episodes new names'
        )
    return episode

  def _check_length(self, path: pathlib.Path, spec: npz.Spec) -> None:
    steps = spec['reward'][0][0]
    if steps < self._min_steps:
      raise EpisodeError(
        f'{path}: has {steps} steps, but {self._min_steps} are needed;'
        ' sample shorter or fewer chunks, or move the file away'
      )

  def _check_arrays(self, path: pathlib.Path, spec: npz.Spec) -> None:
    other = next(iter(self._specs.values()), spec)
    for key in self._keys:
      if key not in spec:
        raise EpisodeError(
          f'{path}: has no {key}, only {", ".join(spec)}; sample other keys or'
          ' move the file away'
        )
      (shape, dtype), (other_shape, other_dtype) = spec[key], other[key]
      if (shape[1:], dtype) != (other_shape[1:], other_dtype):
        raise EpisodeError(
          f'{path}: {key} is {dtype} {list(shape[1:])} per step, but'
          f' {other_dtype} {list(other_shape[1:])} in the other files; it is'
          ' from another task, so move it away'
        )

  def _check_known(self, known: Sequence[str], names: Sequence[str]) -> None:
    missing = sorted(set(known) - set(names))
    if missing:
      raise EpisodeError(
        f'{self._directory / missing[0]}: was removed while in use; put the'
        ' file back or start a new sampler'
      )
