"""Results of rendering, computed once in a process without TensorFlow."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from planet_tf.envs import rendering

REPLAYED = ('cartpole_swingup', 'cheetah_run')


@pytest.fixture(scope='session')
def rendered(golden_root):
  """Output of contract.py."""
  rendering.choose_backend()
  folder = golden_root / 'episodes'
  paths = {task: min((folder / task).glob('*.npz')) for task in REPLAYED}
  here = pathlib.Path(__file__).parent
  result = subprocess.run(
    [
      sys.executable,
      str(here / 'contract.py'),
      *(f'{task}={path}' for task, path in paths.items()),
    ],
    check=True,
    stdout=subprocess.PIPE,
    env=os.environ | {'PYTHONPATH': str(here.parents[1])},
  )
  return json.loads(result.stdout)
