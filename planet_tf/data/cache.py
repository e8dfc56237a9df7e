"""Decoded episodes in memory, of which the least recently used leave."""

import collections
from collections.abc import Callable

import numpy as np

Episode = dict[str, np.ndarray]


class EpisodeCache:
  """Remembers what a reader returned, for the names used most recently."""

  def __init__(self, read: Callable[[str], Episode], capacity: int) -> None:
    """Starts empty.

    Args:
      read: Returns the episode of a name; its errors pass through.
      capacity: Largest number of episodes in memory, at least 1.
    """
    self._read = read
    self._capacity = capacity
    self._episodes: collections.OrderedDict[str, Episode] = (
      collections.OrderedDict()
    )

  def __getitem__(self, name: str) -> Episode:
    """The episode, from memory or else from the reader."""
    if name in self._episodes:
      self._episodes.move_to_end(name)
      return self._episodes[name]
    # Room first, so that there is never one more than the capacity.
    while len(self._episodes) >= self._capacity:
      self._episodes.popitem(last=False)
    self._episodes[name] = self._read(name)
    return self._episodes[name]

  def __len__(self) -> int:
    return len(self._episodes)
