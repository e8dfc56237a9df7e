"""Simulated candidates earn what the environment then gives for them."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from planet_tf.envs.dm_control import PAPER_TASKS

ROOT = pathlib.Path(__file__).parents[2]

# In a process of its own: MuJoCo reads how to render when it is loaded.
PROGRAM = """
import json, sys
import numpy as np
from planet_tf.envs.registry import find_task
from planet_tf.envs.tasks import make_simulation
from planet_tf.true_simulator.rollouts import Rollouts

name, domain, task, threads = sys.argv[1:]
rng = np.random.default_rng(0)
env = make_simulation(find_task(name), seed=0)
inner, repeat = env.unwrapped, env.action_repeat
physics, spec = inner.physics, inner.action_spec()
detailed, rollouts = [
  Rollouts(inner, domain, task, count, int(threads)) for count in (1, repeat)
]
wrong, errors, rewards = 0, [], []

def check_steps(controls):
  # Each control step of the suite's environment itself: state and reward.
  global wrong
  predicted = detailed.rewards(controls.astype(np.float32))
  states, _ = detailed.simulate(controls)
  for step, control in enumerate(controls[0]):
    found = inner.step(control).reward
    assert found == inner.task.get_reward(physics)
    data = physics.data
    state = np.concatenate([[data.time], data.qpos, data.qvel])
    wrong += not np.array_equal(states[0, step], state)
    errors.append(abs(predicted[0, step] - found))
    rewards.append(found)

for episode in range(3):
  env.seed(episode)
  env.reset()
  detailed.begin_episode()
  rollouts.begin_episode()
  for plan in range(4):
    if episode == 2:  # States that random actions do not lead to.
      with physics.reset_context():
        physics.data.qvel[:] = rng.normal(size=physics.model.nv)
        physics.data.qvel[-1] = 20 * (-1) ** plan
    shape = (3, 12, *spec.shape)
    check_steps(rng.uniform(-1, 1, shape).astype(np.float32).astype(float))
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
# Reading the clock would take up to a third of the time.
assert not physics.data.ptr.timer.duration.any()
print(json.dumps([max(errors), float(np.ptp(rewards)), wrong]))
"""


@pytest.mark.parametrize('name, domain, task, _', PAPER_TASKS)
def test_predicted_states_and_rewards_are_exact(name, domain, task, _):
  threads = 1 if name == 'cartpole_balance' else 2
  result = subprocess.run(
    [sys.executable, '-c', PROGRAM, name, domain, task, str(threads)],
    env={**os.environ, 'PYTHONPATH': str(ROOT), 'MUJOCO_GL': 'disable'},
    capture_output=True,
    text=True,
  )
  assert result.returncode == 0, result.stderr
  assert 'deprecated' not in result.stderr
  error, spread, wrong = json.loads(result.stdout.splitlines()[-1])
  assert error < 1e-6
  assert wrong == 0  # States are equal to the last bit.
  assert spread > 0.01  # Rewards that are always the same would prove nothing.
