"""Tests of runs with several tasks, collections or planners."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.analysis import read_metrics
from planet_tf.config import factories, gin_files
from planet_tf.config.registry import ConfigurationError
from planet_tf.data import list_episodes, read_episode
from planet_tf.runs.loading import load_run, read_task
from planet_tf.training.run import train
from tests.commands import ROOT, run_program

HERE = pathlib.Path(__file__).parent
TASKS = ('train.task = ("dummy", "line")', 'make_envs.modules = ["line_task"]')
# One episode every 10 updates, two episodes after updates 5 and 15, and two
# planners to evaluate.
COLLECTIONS = (
  'train.collections = ("main", "pair")',
  'pair/collect.episodes = 2',
  'pair/collect.start = 5',
  'pair/collect.end = 20',
  'pair/make_planner.horizon = 3',
  'train.evaluations = ("main", "short")',
  'short/make_planner.horizon = 2',
  'train.evaluation_episodes = 2',
  'train.total_episodes = 7',
)


def _train(logdir, params, should_stop=lambda: False):
  gin_files.parse(['tasks/dummy.gin', 'scale/debug.gin'], params)
  return train(logdir, should_stop=should_stop)


def _episodes(logdir, kind='train'):
  paths = list_episodes(logdir / f'{kind}_episodes')
  return {path.stem.split('-', 1)[1]: read_episode(path) for path in paths}


def _assert_same_run(first, second):
  one, two = (
    tf.train.load_checkpoint(str(x / 'checkpoints')) for x in (first, second)
  )
  for name in one.get_variable_to_shape_map():
    if name.endswith('VARIABLE_VALUE') and 'save_counter' not in name:
      np.testing.assert_array_equal(
        one.get_tensor(name), two.get_tensor(name), err_msg=name
      )
  for kind in ('train', 'test'):
    a, b = _episodes(first, kind), _episodes(second, kind)
    assert list(a) == list(b)
    for name, episode in a.items():
      for key, value in episode.items():
        np.testing.assert_array_equal(value, b[name][key])
  assert _returns(first) == _returns(second)


def _returns(logdir):
  """Returns split, name, update and value of all returns, in order."""
  return [
    (line['split'], name, line['updates'], value)
    for line in read_metrics(logdir)
    for name, value in line.items()
    if name.startswith('return')
  ]


def _interrupted(moment):
  asked = 0

  def stop():
    nonlocal asked
    asked += 1
    return asked >= moment

  return stop


@pytest.fixture(scope='module')
def tasks(tmp_path_factory):
  """Directory and counters of a finished run with two tasks."""
  logdir = tmp_path_factory.mktemp('tasks')
  with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(HERE)
    yield logdir, _train(logdir, TASKS)


def test_tasks_alternate(tasks):
  logdir, counters = tasks
  assert counters.updates == 21
  assert counters.episodes == counters.test_episodes == 6
  assert counters.decisions == 3 * (40 + 25)
  assert counters.env_steps == 2 * counters.decisions
  episodes = _episodes(logdir)
  assert list(episodes) == [
    f'episode{number:06d}-{task}'
    for number, task in enumerate(['dummy', 'line'] * 3)
  ]
  assert [len(x['reward']) for x in episodes.values()] == [41, 26] * 3


def test_actions_are_padded_to_the_largest_size(tasks):
  logdir, _ = tasks
  for name, episode in _episodes(logdir).items():
    actions = episode['action']
    assert actions.shape[1] == 2
    # Unused actions are recorded as the agent chose them.
    assert np.all(np.any(actions[1:] != 0, axis=1)), name
    if name.endswith('line'):
      height = episode['position'][:, 1]
      assert np.all(height == height[0])


def test_each_task_has_its_own_returns(tasks):
  logdir, _ = tasks
  names = [
    (split, name, updates) for split, name, updates, _ in _returns(logdir)
  ]
  for task in ('dummy', 'line'):
    for updates in (0, 11, 21):
      assert names.count(('train', f'return/{task}', updates)) == 1
    for updates in (10, 20):
      assert names.count(('test', f'return/{task}', updates)) == 1
  assert ('train', 'return', 21) not in names
  for line in read_metrics(logdir, 'test'):
    if 'return' in line:
      parts = [line['return/dummy'], line['return/line']]
      assert line['return'] == pytest.approx(np.mean(parts))
  random = {k for x in read_metrics(logdir, 'test') for k in x if 'random' in k}
  assert random == {'random_return/dummy', 'random_return/line'}


def test_one_agent_acts_in_all_tasks(tasks):
  logdir, _ = tasks
  assert read_task(logdir) == {
    'tasks': {'dummy': {'action_repeat': 2}, 'line': {'action_repeat': 2}},
    'components': {},
    'action_minimum': [-1.0, -1.0],
    'action_maximum': [1.0, 1.0],
  }
  agent, _ = load_run(logdir)
  assert agent.model.action_size == 2
  result = run_program(
    'planet_tf.evaluate',
    f'--logdir={logdir}',
    '--episodes=1',
    f'--video={logdir / "seen.gif"}',
    PYTHONPATH=f'{ROOT}:{HERE}',
  )
  assert result.returncode == 0, result.stderr
  scores = json.loads(result.stdout)['tasks']
  assert {task: x['episodes'] for task, x in scores.items()} == {
    'dummy': 1,
    'line': 1,
  }
  assert (logdir / 'seen-dummy.gif').exists()
  assert (logdir / 'seen-line.gif').exists()


@pytest.mark.slow
@pytest.mark.parametrize('moment', [50, 112, 130, 170])
def test_tasks_resume_exactly(tasks, tmp_path, moment):
  _train(tmp_path, TASKS, _interrupted(moment))
  _train(tmp_path, TASKS)
  _assert_same_run(tasks[0], tmp_path)


def test_collections_and_evaluations_have_their_own_settings(tmp_path):
  counters = _train(tmp_path / 'one', COLLECTIONS)
  assert counters.episodes == 7 and counters.updates == 21
  assert counters.test_episodes == 1 + 2 * 2 * 2
  names = [x[:3] for x in _returns(tmp_path / 'one')]
  assert [x for x in names if x[0] == 'train'] == [
    ('train', 'return', 0),
    *[('train', 'return/pair', 6)] * 2,
    ('train', 'return/main', 11),
    *[('train', 'return/pair', 16)] * 2,
    ('train', 'return/main', 21),
  ]
  assert {x for x in names if x[0] == 'test'} == {
    ('test', name, updates)
    for name in ('return', 'return_median', 'return/main', 'return/short')
    for updates in (10, 20)
  }
  # Data depend neither on interruptions, nor on the number of workers, nor on
  # evaluations.
  params = (*COLLECTIONS, 'train.updates_per_evaluation = 1000')
  _train(tmp_path / 'two', params, _interrupted(130))
  _train(tmp_path / 'two', (*params, 'make_envs.workers = 3'))
  one, two = (_episodes(tmp_path / name) for name in ('one', 'two'))
  assert list(one) == list(two)
  for name, episode in one.items():
    np.testing.assert_array_equal(episode['action'], two[name]['action'])


def test_equal_planners_share_an_agent(golden_model):
  gin_files.parse(
    [],
    [
      'train.evaluations = ("main", "same", "short")',
      'same/make_planner.horizon = 12',
      'short/make_planner.horizon = 6',
    ],
  )
  model = golden_model()
  envs = type('Envs', (), {'action_spec': _Spec})
  agents = factories.make_agents(['main', 'same', 'short'], model, envs)
  assert agents['main'] is agents['same']
  assert agents['main'] is not agents['short']
  assert agents['short'].planner.horizon == 6


class _Spec:
  shape, minimum, maximum = (6,), -1.0, 1.0


@pytest.mark.parametrize(
  'params, message',
  [
    (['train.task = []'], 'train: task must hold at least one name'),
    (['train.task = ("dummy", "dummy")'], "task names 'dummy' twice"),
    (['collect.end = 15'], 'train.total_episodes=3 cannot be reached'),
    (['collect.interval = 0'], 'interval must be at least 1, got 0'),
    (['collect.exploration_min = 2.0'], 'must be at most 1, got 2.0'),
    (
      [*TASKS, 'make_world_model.state_diagnostics = True'],
      'there are several tasks',
    ),
  ],
)
def test_invalid_settings_raise(tmp_path, monkeypatch, params, message):
  monkeypatch.syspath_prepend(HERE)
  with pytest.raises(ConfigurationError, match=message):
    _train(tmp_path, params)
  assert not (tmp_path / 'config.gin').exists()
