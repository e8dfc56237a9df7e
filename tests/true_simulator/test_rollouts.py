"""Rollouts give the states and rewards of the environments."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from planet_tf.envs.dm_control import PAPER_TASKS

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope='module')
def results():
  """Output of check_rollouts.py."""
  program = pathlib.Path(__file__).with_name('check_rollouts.py')
  result = subprocess.run(
    [sys.executable, str(program)],
    env={**os.environ, 'PYTHONPATH': str(ROOT), 'MUJOCO_GL': 'disable'},
    capture_output=True,
    text=True,
  )
  assert result.returncode == 0, result.stderr
  assert 'deprecated' not in result.stderr
  return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize('task', [name for name, *_ in PAPER_TASKS])
def test_states_and_rewards_are_exact(task, results):
  result = results[task]
  assert result['error'] < 1e-6
  assert result['wrong'] == 0  # States are equal to the last bit.
  assert result['range'] > 0.01  # Constant rewards would prove nothing.
