"""Tests that the shipped experiments train, at debug size on the toy task."""

import numpy as np
import pytest

from planet_tf.analysis import read_metrics
from planet_tf.config import gin_files
from planet_tf.config.factories import make_envs
from planet_tf.data import list_episodes, read_episode
from planet_tf.runs.loading import load_run, read_task
from planet_tf.training.collector import Collector
from planet_tf.training.run import train

EXPERIMENTS = sorted(
  path.name
  for path in (gin_files.shipped_files() / 'experiments').glob('*.gin')
)
# Resuming takes the longest. These have all that a checkpoint can hold:
# recurrent and stochastic states, several tasks, and several planners.
RESUMED = (
  'figure4_rnn.gin',
  'figure6_one_agent.gin',
  'figure8_drnn_overshooting.gin',
  'figure12_planners.gin',
)
DEBUG = ('tasks/dummy.gin', 'scale/debug.gin')


def _train(logdir, files=(), params=()):
  gin_files.parse([*DEBUG, *files], params)
  return train(logdir)


def _check_run(logdir, files=(), params=(), resume=True):
  """Trains, resumes and loads a run; returns its last losses."""
  if resume:
    _train(logdir, files, [*params, 'train.total_episodes = 2'])
  counters = _train(logdir, files, params)
  assert counters.updates == 21
  agent, counters = load_run(logdir)
  assert counters.updates == 21
  image = np.zeros((1, 64, 64, 3), np.uint8)
  action, _, _ = agent.step(image, agent.initial_state(1), seed=[0, 1])
  assert action.shape == (1, agent.model.action_size)
  return [x for x in read_metrics(logdir, 'train') if 'loss' in x][-1]


def test_diagnostics_train_resume_and_load(tmp_path):
  params = [
    'make_world_model.state_diagnostics = True',
    'make_objectives.global_divergence_scale = 0.1',
    'make_objectives.head_scales = {"position": 0.5}',
  ]
  last = _check_run(tmp_path, params=params)
  assert read_task(tmp_path)['components'] == {'position': 2}
  assert {'position_loss', 'global_divergence_loss'} <= set(last)


@pytest.mark.slow
@pytest.mark.parametrize('name', EXPERIMENTS)
def test_experiments_train_and_load(tmp_path, name):
  # Three episodes of each; figure 6 has six tasks.
  params = [
    'make_envs.duration = 50',
    'collect.interval = 10',
    'train.evaluation_episodes = 1',
    'train.total_episodes = 3',
  ]
  _check_run(tmp_path, [f'experiments/{name}'], params, name in RESUMED)
  tasks = list(read_task(tmp_path)['tasks'])
  assert len(tasks) == (6 if name == 'figure6_one_agent.gin' else 1)
  paths = list_episodes(tmp_path / 'train_episodes')
  assert [path.stem.split('-')[-1] for path in paths] == 3 * tasks


def _actions(logdir):
  paths = list_episodes(logdir / 'train_episodes')
  return [read_episode(path, ['action'])['action'] for path in paths]


def test_evaluations_plan_if_collection_is_random(tmp_path):
  _train(tmp_path / 'run', ['experiments/figure5_random_collection.gin'])
  # Random episodes do not depend on the model.
  with make_envs('dummy') as envs:
    data = Collector(tmp_path / 'again', envs, 'train', seed=0)
    for number in range(3):
      episode = data.collect_random(number, 1).episodes[0]
      actions = _actions(tmp_path / 'run')[number]
      np.testing.assert_array_equal(actions, episode['action'])
  _train(tmp_path / 'planned', params=['train.total_episodes = 2'])
  tests = [
    [x['return'] for x in read_metrics(tmp_path / name, 'test') if 'kl' in x]
    for name in ('run', 'planned')
  ]
  assert [len(x) for x in tests] == [2, 1]
  # Before the data differ, both have learned the same.
  assert tests[0][0] == tests[1][0]
