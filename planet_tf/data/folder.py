"""A folder of episodes that can be sampled together."""

import pathlib
from collections.abc import Sequence

import numpy as np

from planet_tf.data import episodes, npz


class EpisodeFolder:
  """Lists the files of a folder and checks each once, by its headers.

  Lengths are known without decoding, so that draws do not depend on what is
  in memory, and an unusable file is named as soon as it is listed.
  """

  def __init__(
    self, directory: pathlib.Path, keys: Sequence[str], least_steps: int
  ) -> None:
    """Does not touch the folder yet.

    Args:
      directory: Folder of episode files.
      keys: Arrays that are wanted of each.
      least_steps: Time steps that an episode must have.
    """
    self._directory = directory
    self._keys = tuple(keys)
    self._least_steps = least_steps
    self._specs: dict[str, npz.Spec] = {}

  def listing(self, known: Sequence[str] = ()) -> list[str]:
    """Lists the folder and checks what is new there.

    Args:
      known: Names that must still be there.

    Returns:
      Sorted names, at least one.

    Raises:
      EpisodeError: No file is there, a known one is not, or one is unusable.
    """
    names = [path.name for path in episodes.list_episodes(self._directory)]
    self._check_all_there(known, names)
    if not names:
      raise episodes.EpisodeError(
        f'{self._directory}: holds no episode files (*.npz); collect an'
        ' episode first or name another folder'
      )
    self.inspect(names)
    return names

  def inspect(self, names: Sequence[str]) -> None:
    """Checks the headers of those files that were not checked before.

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
    """Time steps of an inspected episode, one more than its decisions."""
    return self._specs[name]['reward'][0][0]

  def read(self, name: str) -> dict[str, np.ndarray]:
    """Decodes the wanted arrays of an inspected episode.

    Raises:
      EpisodeError: The file is missing, damaged, or not the one inspected.
    """
    path = self._directory / name
    episode = episodes.read_episode(path, self._keys)
    for key, array in episode.items():
      if array.shape != self._specs[name][key][0]:
        raise episodes.EpisodeError(
          f'{path}: was replaced by another episode while in use; give new'
          ' episodes new names'
        )
    return episode

  def _check_length(self, path: pathlib.Path, spec: npz.Spec) -> None:
    steps = spec['reward'][0][0]
    if steps < self._least_steps:
      raise episodes.EpisodeError(
        f'{path}: has {steps} steps, but {self._least_steps} are needed;'
        ' sample shorter or fewer chunks, or move the file away'
      )

  def _check_arrays(self, path: pathlib.Path, spec: npz.Spec) -> None:
    before = next(iter(self._specs.values()), spec)
    for key in self._keys:
      if key not in spec:
        raise episodes.EpisodeError(
          f'{path}: has no {key}, only {", ".join(spec)}; sample other keys or'
          ' move the file away'
        )
      (shape, dtype), (shape_before, dtype_before) = spec[key], before[key]
      if (shape[1:], dtype) != (shape_before[1:], dtype_before):
        raise episodes.EpisodeError(
          f'{path}: {key} is {dtype} {list(shape[1:])} at a step, but'
          f' {dtype_before} {list(shape_before[1:])} in the other files; move'
          ' the file of another task away'
        )

  def _check_all_there(
    self, known: Sequence[str], names: Sequence[str]
  ) -> None:
    gone = sorted(set(known) - set(names))
    if gone:
      raise episodes.EpisodeError(
        f'{self._directory / gone[0]}: has vanished while in use; put the file'
        ' back or start a new sampler'
      )
