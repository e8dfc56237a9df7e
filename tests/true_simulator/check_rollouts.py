"""Program that compares rollouts with the environments, for all tasks.

It runs in a new process, because MuJoCo reads MUJOCO_GL at import.
"""

import json

import numpy as np

from planet_tf.envs.dm_control import PAPER_TASKS
from planet_tf.envs.registry import find_task
from planet_tf.envs.tasks import make_simulation
from planet_tf.true_simulator.rollouts import Rollouts


def check(name, domain, task, threads):
  """Returns the maximum error, the range of rewards and wrong states."""
  rng = np.random.default_rng(0)
  env = make_simulation(find_task(name), seed=0)
  inner, repeat = env.unwrapped, env.action_repeat
  physics, spec = inner.physics, inner.action_spec()
  detailed, rollouts = (
    Rollouts(inner, domain, task, count, threads) for count in (1, repeat)
  )
  wrong, errors, rewards = 0, [], []
  for episode in range(3):
    env.seed(episode)
    env.reset()
    detailed.begin_episode()
    rollouts.begin_episode()
    for plan in range(4):
      if episode == 2:  # States that random actions do not reach.
        with physics.reset_context():
          physics.data.qvel[:] = rng.normal(size=physics.model.nv)
          physics.data.qvel[-1] = 20 * (-1) ** plan
      shape = (3, 12, *spec.shape)
      controls = rng.uniform(-1, 1, shape).astype(np.float32).astype(float)
      differences, found, differing = check_steps(detailed, inner, controls)
      wrong += differing
      errors += differences
      rewards += found
      actions = rng.uniform(-1, 1, shape).astype(np.float32)
      before = physics.get_state()
      predicted = rollouts.rewards(actions)
      assert np.array_equal(before, physics.get_state())
      np.testing.assert_allclose(
        rollouts.returns(actions), predicted.sum(1), rtol=1e-12
      )
      found = [env.step(action).reward for action in actions[plan % 3]]
      errors.append(np.abs(predicted[plan % 3] - found).max())
      rewards += found
  assert spec.minimum.min() == -1 and spec.maximum.max() == 1
  # Timers would take up to a third of the time.
  assert not physics.data.ptr.timer.duration.any()
  return {'error': max(errors), 'range': np.ptp(rewards), 'wrong': wrong}


def check_steps(rollouts, inner, controls):
  """Compares state and reward after each control step of the suite."""
  predicted = rollouts.rewards(controls.astype(np.float32))
  states, _ = rollouts.simulate(controls)
  errors, rewards, wrong = [], [], 0
  for step, control in enumerate(controls[0]):
    found = inner.step(control).reward
    assert found == inner.task.get_reward(inner.physics)
    data = inner.physics.data
    state = np.concatenate([[data.time], data.qpos, data.qvel])
    wrong += not np.array_equal(states[0, step], state)
    errors.append(abs(predicted[0, step] - found))
    rewards.append(found)
  return errors, rewards, wrong


def main():
  """Prints the results by task as JSON."""
  results = {}
  for name, domain, task, _ in PAPER_TASKS:
    threads = 1 if name == 'cartpole_balance' else 2
    result = check(name, domain, task, threads)
    results[name] = {key: float(value) for key, value in result.items()}
  print(json.dumps(results))


if __name__ == '__main__':
  main()
