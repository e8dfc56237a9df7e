"""When to collect and when to test, and what changes with time.

The original counts samples, at 50 an update; here the unit is the update,
and the defaults give the same events. In each step of the original the update
comes before the collection, and phases start at step 0, where nothing is
collected: so the first episode comes after update C + 1, the second after
2C + 1, while tests come after whole multiples. Original: tools/schedule.py
and training/trainer.py.
"""

import bisect
import dataclasses
from collections.abc import Callable, Mapping
from typing import NamedTuple

from planet_tf.config.settings import CollectSettings

_FOREVER = 2**40  # Updates; more than anybody will make.


class Turn(NamedTuple):
  """Whose turn it is to collect.

  Attributes:
    collection: Name of the collection; empty for the seed episodes.
    task: Index of the task.
    episodes: Episodes that are to be collected side by side.
  """

  collection: str
  task: int
  episodes: int


@dataclasses.dataclass(frozen=True)
class Schedule:
  """Events as a function of the number of updates.

  Attributes:
    collections: Settings of the collections, by name.
    updates_per_evaluation: Updates for each test phase.
  """

  collections: Mapping[str, CollectSettings]
  updates_per_evaluation: int

  def turn(self, number: int, tasks: int = 1) -> Turn:
    """Whose turn it is to collect an episode.

    Collections that are due after the same update come in their order, each
    with all tasks in theirs.

    Args:
      number: Number of the episode, from 0, without the seed episodes.
      tasks: Number of tasks.
    """
    updates = self._first(self.episodes, number // tasks + 1)
    left = number - self.episodes(updates - 1) * tasks
    for name, settings in self.collections.items():
      if _times(settings, updates) > _times(settings, updates - 1):
        if left < settings.episodes * tasks:
          task, done = divmod(left, settings.episodes)
          return Turn(name, task, settings.episodes - done)
        left -= settings.episodes * tasks
    raise ValueError(f'No collection is left for episode {number}.')

  def episodes(self, updates: int) -> int:
    """Episodes to have collected of each task after so many updates."""
    return sum(
      _times(settings, updates) * settings.episodes
      for settings in self.collections.values()
    )

  def tests(self, updates: int) -> int:
    """Test phases to have completed after so many updates."""
    return updates // self.updates_per_evaluation

  def updates_until_event(self, updates: int) -> int:
    """Updates from now to the next collection or test, at least 1."""
    following = self._first(self._events, self._events(updates) + 1)
    return following - updates

  def updates_for(self, episodes: int) -> int | None:
    """Updates after which so many episodes of each task are collected.

    Returns:
      Updates, or None if all collections end before.
    """
    updates = self._first(self.episodes, episodes)
    return None if updates == _FOREVER else updates

  def _events(self, updates: int) -> int:
    return self.episodes(updates) + self.tests(updates)

  @staticmethod
  def _first(count: Callable[[int], int], least: int) -> int:
    """Updates after which a count that never falls has reached a number."""
    return bisect.bisect_left(range(_FOREVER), least, key=count)


def _times(settings: CollectSettings, updates: int) -> int:
  """How often a collection has come after so many updates.

  Original: tools/schedule.py (binary).
  """
  interval, end = settings.interval, settings.end
  start = interval if settings.start is None else settings.start
  # The step of the original in which the last of these updates was made.
  step = updates - 1 if end is None else min(updates, end) - 1
  return (step - start) // interval + 1 if step >= max(start, 0) else 0
