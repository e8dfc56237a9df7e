"""When to collect and when to test, and what changes with time.

The original counts samples, at 50 an update; here the unit is the update,
and the defaults give the same events. In each step of the original the update
comes before the collection, and phases start at step 0, where nothing is
collected: so the first episode comes after update C + 1, the second after
2C + 1, while tests come after whole multiples. Original: tools/schedule.py
and training/trainer.py.
"""

import dataclasses

import keras
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Schedule:
  """Events as a function of the number of updates.

  Attributes:
    updates_per_episode: Updates C for each collected episode.
    updates_per_test: Updates for each test phase.
  """

  updates_per_episode: int
  updates_per_test: int

  def __post_init__(self) -> None:
    for name, value in dataclasses.asdict(self).items():
      if value < 1:
        raise ValueError(f'{name} must be at least 1, got {value}.')

  def collections(self, updates: int) -> int:
    """Episodes to have collected after so many updates."""
    return max(0, updates - 1) // self.updates_per_episode

  def tests(self, updates: int) -> int:
    """Test phases to have completed after so many updates."""
    return updates // self.updates_per_test

  def updates_until_event(self, updates: int) -> int:
    """Updates from now to the next collection or test, at least 1."""
    episode = self.updates_per_episode
    collection = (self.collections(updates) + 1) * episode + 1
    test = (self.tests(updates) + 1) * self.updates_per_test
    return min(collection, test) - updates

  def updates_for(self, collections: int) -> int:
    """Updates after which so many episodes have been collected."""
    return collections * self.updates_per_episode + 1 if collections else 0


def linear(step: float, ramp: float, least: float = 0.0) -> float:
  """A factor that rises or falls between 0 and 1.

  Args:
    step: Updates so far.
    ramp: Updates over which the factor rises from 0 to 1; if negative, over
      which it falls from 1 to 0; 0 for a factor of 1.
    least: Lower bound of the factor.

  Returns:
    The factor. Original: tools/schedule.py (linear).
  """
  if not ramp:
    return 1.0
  risen = min(step / abs(ramp), 1.0)
  return max(least, risen if ramp > 0 else 1.0 - risen)


class LinearRamp(keras.optimizers.schedules.LearningRateSchedule):
  """Learning rate that rises or falls linearly; see `linear`.

  Args:
    rate: Learning rate at its height.
    ramp: Updates of the ramp; falls if negative.
  """

  def __init__(self, rate: float, ramp: int) -> None:
    self.rate = rate
    self.ramp = ramp

  def __call__(self, step: tf.Tensor) -> tf.Tensor:
    """Learning rate after so many updates."""
    risen = tf.minimum(tf.cast(step, tf.float32) / abs(self.ramp), 1.0)
    return self.rate * (risen if self.ramp > 0 else 1.0 - risen)

  def get_config(self) -> dict[str, float]:
    """What is needed to make it again."""
    return {'rate': self.rate, 'ramp': self.ramp}
