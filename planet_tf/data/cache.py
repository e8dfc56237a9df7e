"""Decoded episodes in memory, of which the least recently used leave."""

import collections
from collections.abc import Callable

import numpy as np

Episode = dict[str, np.ndarray]


class EpisodeCache:
  """Remembers what a reader returned, for the names used most recently."""

  def __init__(self, read: Callable[[str], Episode], capacity: float) -> None:
    """Starts empty.

    Args:
      read: Returns the episode of a name; its errors pass through.
      capacity: Bytes that the episodes may take. The one used last stays,
        whatever its size.
    """
    self._read = read
    self._capacity = capacity
    self._episodes: collections.OrderedDict[str, Episode] = (
      collections.OrderedDict()
    )
    self._size = 0

  def __getitem__(self, name: str) -> Episode:
    """The episode, from memory or else from the reader."""
    if name in self._episodes:
      self._episodes.move_to_end(name)
      return self._episodes[name]
    self._episodes[name] = self._read(name)
    self._size += _size(self._episodes[name])
    while self._size > self._capacity and len(self._episodes) > 1:
      _, left = self._episodes.popitem(last=False)
      self._size -= _size(left)
    return self._episodes[name]

  def __len__(self) -> int:
    return len(self._episodes)


def _size(episode: Episode) -> int:
  return sum(array.nbytes for array in episode.values())
