"""LRU cache of decoded episodes, bounded in bytes."""

import threading
from collections.abc import Callable

import cachetools

from planet_tf.data.episodes import Episode


def cached_reader(
  read: Callable[[str], Episode], max_bytes: float
) -> Callable[[str], Episode]:
  """Returns `read` with an LRU cache in front of it.

  Args:
    read: Returns the episode of a name. Its errors are passed on.
    max_bytes: Maximum size of all cached episodes. Larger episodes are read
      on every call.

  Returns:
    Function of a name. It returns the cached arrays themselves, so callers
    must not change them. Its attribute `cache` is the cache.
  """
  cache: cachetools.LRUCache[object, Episode] = cachetools.LRUCache(
    max_bytes, getsizeof=_size
  )
  return cachetools.cached(cache, lock=threading.Lock())(read)


def _size(episode: Episode) -> int:
  return sum(array.nbytes for array in episode.values())
