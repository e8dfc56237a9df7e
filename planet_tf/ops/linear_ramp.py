"""Linear ramps: of the action noise and of the learning rate."""

import keras
import tensorflow as tf


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
