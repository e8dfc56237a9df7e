"""Toy task with actions of size one and short episodes."""

from planet_tf.envs import register_task
from planet_tf.envs.dummy import Dummy, dm_env, specs


@register_task('line', renders=False)
class Line(Dummy):
  """The task `dummy` with horizontal movement only."""

  def reset(self):
    self._steps = 0
    return super().reset()

  def step(self, action):
    assert action.shape == (1,)
    self._steps += 1
    time_step = super().step([action[0], 0.0])
    last = {'step_type': dm_env.StepType.LAST} if self._steps == 50 else {}
    return time_step._replace(**last)

  def action_spec(self):
    return specs.BoundedArray((1,), 'float32', -1.0, 1.0, 'action')
