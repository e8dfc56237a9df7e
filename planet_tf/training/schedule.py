"""When to collect episodes and when to evaluate.

Times are counted in updates. The original counts samples, 50 per update, and
the default settings give the same events. In a step of the original, the
update comes before the collection, and nothing is collected in step 0. The
first episode therefore follows update C + 1 and the second one 2C + 1, while
evaluations follow whole multiples of their interval.

Source: original: tools/schedule.py and training/trainer.py.
"""

import bisect
import dataclasses
from collections.abc import Callable, Mapping
from typing import NamedTuple

from planet_tf.config.settings import CollectSettings

_NEVER = 2**40  # More updates than any run makes.


class NextEpisodes(NamedTuple):
  """The episodes to collect next.

  Attributes:
    collection: Name of the collection; empty for the seed episodes.
    task: Index of the task.
    episodes: Number of episodes to collect in parallel.
  """

  collection: str
  task: int
  episodes: int


@dataclasses.dataclass(frozen=True)
class Schedule:
  """Number of collections and evaluations as a function of the updates.

  Attributes:
    collections: Settings of the collections, by name.
    updates_per_evaluation: Updates between two evaluations.
  """

  collections: Mapping[str, CollectSettings]
  updates_per_evaluation: int

  def next_episodes(self, number: int, tasks: int = 1) -> NextEpisodes:
    """Returns what to collect next.

    If several collections are due after the same update, they follow each
    other in the order of the settings, each with all tasks.

    Args:
      number: Number of the next episode, counted from 0 without the seed
        episodes.
      tasks: Number of tasks.

    Raises:
      ValueError: If all collections have ended.
    """
    updates = self._first(self.episodes, number // tasks + 1)
    left = number - self.episodes(updates - 1) * tasks
    for name, settings in self.collections.items():
      if _num_times(settings, updates) > _num_times(settings, updates - 1):
        if left < settings.episodes * tasks:
          task, done = divmod(left, settings.episodes)
          return NextEpisodes(name, task, settings.episodes - done)
        left -= settings.episodes * tasks
    raise ValueError(f'All collections end before episode {number}.')

  def episodes(self, updates: int) -> int:
    """Returns the episodes of each task that are due after these updates."""
    return sum(
      _num_times(settings, updates) * settings.episodes
      for settings in self.collections.values()
    )

  def evaluations(self, updates: int) -> int:
    """Returns the number of evaluations that are due after these updates."""
    return updates // self.updates_per_evaluation

  def updates_until_event(self, updates: int) -> int:
    """Returns the updates until the next event, at least 1."""
    return self._first(self._events, self._events(updates) + 1) - updates

  def updates_for(self, episodes: int) -> int | None:
    """Returns the updates after which this many episodes are due.

    Args:
      episodes: Episodes of each task, without the seed episodes.

    Returns:
      Number of updates, or None if all collections end before.
    """
    updates = self._first(self.episodes, episodes)
    return None if updates == _NEVER else updates

  def _events(self, updates: int) -> int:
    return self.episodes(updates) + self.evaluations(updates)

  @staticmethod
  def _first(count: Callable[[int], int], target: int) -> int:
    """Returns the updates after which a growing count reaches a target."""
    return bisect.bisect_left(range(_NEVER), target, key=count)


def _num_times(settings: CollectSettings, updates: int) -> int:
  """Returns how often a collection has run after these updates.

  Source: original: tools/schedule.py (binary).
  """
  interval, end = settings.interval, settings.end
  start = interval if settings.start is None else settings.start
  # The original's step during which the last of these updates runs.
  step = updates - 1 if end is None else min(updates, end) - 1
  return (step - start) // interval + 1 if step >= max(start, 0) else 0
