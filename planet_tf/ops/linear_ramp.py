"""Linear ramps of the exploration noise and the learning rate."""

import keras
import tensorflow as tf


def linear(step: float, ramp: float, minimum: float = 0.0) -> float:
  """Returns a factor that rises or falls linearly between 0 and 1.

  Source: original: tools/schedule.py (linear).

  Args:
    step: Updates so far.
    ramp: Updates in which the factor rises from 0 to 1; if negative, falls
      from 1 to 0; if 0, the factor is 1.
    minimum: Lower bound of the factor.
  """
  if not ramp:
    return 1.0
  risen = min(step / abs(ramp), 1.0)
  return max(minimum, risen if ramp > 0 else 1.0 - risen)


@keras.saving.register_keras_serializable(package='planet_tf')
class LinearRamp(keras.optimizers.schedules.LearningRateSchedule):
  """Learning rate schedule that rises or falls linearly.

  Args:
    rate: Maximum learning rate.
    ramp: Updates in which the rate rises from 0; if negative, falls to 0.
  """

  def __init__(self, rate: float, ramp: int) -> None:
    self.rate = rate
    self.ramp = ramp

  def __call__(self, step: tf.Tensor) -> tf.Tensor:
    """Returns the learning rate after `step` updates."""
    risen = tf.minimum(tf.cast(step, tf.float32) / abs(self.ramp), 1.0)
    return self.rate * (risen if self.ramp > 0 else 1.0 - risen)

  def get_config(self) -> dict[str, float]:
    """Returns the arguments of the constructor."""
    return {'rate': self.rate, 'ramp': self.ramp}
