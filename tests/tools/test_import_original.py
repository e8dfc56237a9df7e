"""Tests of importing checkpoints of the original as run directories."""

import json
import pathlib

import numpy as np
import pytest

from planet_tf.analysis import read_metrics
from planet_tf.config import gin_files
from planet_tf.original.checkpoints import read_checkpoint
from planet_tf.original.variables import original_variables
from planet_tf.runs.loading import load_run
from planet_tf.training.run import train
from tests.commands import run_tool

ROOT = pathlib.Path(__file__).parents[2]
CHECKPOINT = ROOT / 'tests' / 'golden' / 'checkpoint' / 'model.ckpt-2510'
# The settings of the checkpoint, and few updates after it.
PARAMS = (
  'make_sampler.batch = 10',
  'make_sampler.length = 20',
  'make_planner.candidates = 5',
  'make_planner.elites = 2',
  'make_planner.iterations = 2',
  'make_envs.duration = 30',
  'train.seed_episodes = 1',
  'collect.interval = 252',
  'train.total_episodes = 2',
  'train.updates_per_evaluation = 250',
)
TASK = 'tasks/cartpole_swingup.gin'


def _import(output, *arguments, checkpoint=CHECKPOINT):
  return run_tool(
    'import_original',
    f'--checkpoint={checkpoint}',
    f'--gin_file={TASK}',
    f'--output={output}',
    *(f'--gin_param={param}' for param in PARAMS),
    *arguments,
  )


@pytest.fixture(scope='module')
def imported(tmp_path_factory):
  output = tmp_path_factory.mktemp('imported') / 'run'
  result = _import(output)
  assert result.returncode == 0, result.stderr
  assert 'about 250 updates, without the state of Adam' in result.stdout
  return output


def test_the_agent_has_the_weights(imported):
  agent, counters = load_run(imported)
  assert counters.updates == 250
  values = read_checkpoint(str(CHECKPOINT))
  for name, variable in original_variables(agent.model).items():
    np.testing.assert_array_equal(variable, values[name])
  source = json.loads((imported / 'imported.json').read_text())
  assert source['checkpoint'] == str(CHECKPOINT)


def test_training_continues(imported):
  gin_files.parse([TASK], PARAMS)
  counters = train(imported)
  assert counters.updates == 253
  # The evaluation that the original has run is not repeated.
  assert counters.tests == 1
  tests = read_metrics(imported, 'test')
  assert not [line for line in tests if 'return' in line]
  assert counters.episodes == 2


def test_episodes_are_copied(tmp_path):
  folder = ROOT / 'tests' / 'golden' / 'episodes' / 'cartpole_swingup_agent'
  result = _import(tmp_path / 'run', f'--episodes={folder}')
  assert result.returncode == 0, result.stderr
  count = len(list(folder.glob('*.npz')))
  assert count
  _, counters = load_run(tmp_path / 'run')
  assert counters.episodes == count
  assert counters.env_steps == count * 125 * 8


@pytest.mark.parametrize(
  'argument, message',
  [
    ('--checkpoint=nowhere/model.ckpt-1', 'No checkpoint'),
    ('--output=tests', 'is not empty'),
    ('--episodes=nowhere', 'is not a folder'),
    ('--gin_param=make_world_model.state_size=20', 'of another size'),
  ],
)
def test_mistakes_end_in_one_line(tmp_path, argument, message):
  result = _import(tmp_path / 'run', argument)
  assert result.returncode == 2
  assert message in result.stderr
  assert 'Traceback' not in result.stderr
  assert len(result.stderr.strip().splitlines()) == 1
