"""Tests of the training loop, end to end on the toy task.

`debug_run` is the uninterrupted run that others are compared with.
"""

import itertools
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.analysis import read_metrics
from planet_tf.config import gin_files
from planet_tf.config.registry import ConfigurationError
from planet_tf.data import list_episodes, read_episode
from planet_tf.logs import predictions
from planet_tf.runs.directory import RunError
from planet_tf.runs.loading import load_run
from planet_tf.training.run import train
from planet_tf.training.trainer import TrainingDiverged

TIMES = {
  'time',
  'seconds_per_update',
  'seconds_waiting_for_data',
  'seconds_per_decision',
  'seconds_per_env_decision',
}


def _train(logdir, *params, should_stop=lambda: False):
  gin_files.parse(['tasks/dummy.gin', 'scale/debug.gin'], params)
  return train(logdir, should_stop=should_stop)


def _weights(logdir):
  """All values of the latest checkpoint, by name."""
  reader = tf.train.load_checkpoint(str(logdir / 'checkpoints'))
  return {
    name: reader.get_tensor(name)
    for name in reader.get_variable_to_shape_map()
    if name.endswith('VARIABLE_VALUE') and 'save_counter' not in name
  }


def _metrics(logdir):
  return [
    {key: value for key, value in line.items() if key not in TIMES}
    for line in read_metrics(logdir)
  ]


def _assert_same_run(first, second):
  one, two = _weights(first), _weights(second)
  assert set(one) == set(two)
  for name, value in one.items():
    np.testing.assert_array_equal(value, two[name], err_msg=name)
  assert _metrics(first) == _metrics(second)
  for folder in ('train_episodes', 'test_episodes'):
    files = [list_episodes(run / folder) for run in (first, second)]
    assert len(files[0]) == len(files[1])
    for a, b in zip(*files, strict=True):
      a, b = read_episode(a), read_episode(b)
      for key, value in a.items():
        np.testing.assert_array_equal(value, b[key])


def _interrupt(decision_or_update):
  """Returns a `should_stop` that returns True from the given call on."""
  calls = itertools.count(1)
  return lambda: next(calls) >= decision_or_update


def test_counters(debug_run):
  counters = load_run(debug_run)[1]
  # One seed episode; more after 11 and 21 updates; evaluations after 10 and 20.
  assert counters.updates == 21
  assert counters.episodes == 3
  assert counters.decisions == 3 * 40
  assert counters.env_steps == 3 * 40 * 2
  assert counters.test_episodes == 3
  assert counters.tests == 2


def test_run_directory(debug_run):
  names = {path.name for path in debug_run.iterdir() if path.name != '.lock'}
  assert names == {
    'checkpoints',
    'config.gin',
    'metrics.jsonl',
    'operative_config.gin',
    'task.json',
    'test',
    'test_episodes',
    'train',
    'train_episodes',
    'versions.json',
  }
  assert 'seed_episodes = 1' in (debug_run / 'operative_config.gin').read_text()
  (session,) = json.loads((debug_run / 'versions.json').read_text())
  assert session['tensorflow'] == tf.__version__


def test_episodes_follow_the_time_convention(debug_run):
  episode = read_episode(list_episodes(debug_run / 'train_episodes')[-1])
  assert episode['image'].shape == (41, 64, 64, 3)
  assert np.all(episode['action'][0] == 0) and episode['reward'][0] == 0
  assert np.any(episode['action'][1:] != 0)
  assert np.all(np.abs(episode['action']) <= 1)


def test_metrics(debug_run):
  train_lines = read_metrics(debug_run, 'train')
  updates = [line for line in train_lines if 'loss' in line]
  assert [line['updates'] for line in updates] == [5, 10, 15, 20]
  for name in ('image_loss', 'reward_loss', 'kl', 'gradient_norm'):
    assert all(np.isfinite(line[name]) for line in updates)
  assert updates[-1]['loss'] < updates[0]['loss']
  returns = [line for line in train_lines if 'return' in line]
  assert [line['updates'] for line in returns] == [0, 11, 21]
  evaluations = [x for x in read_metrics(debug_run, 'test') if 'return' in x]
  assert [line['updates'] for line in evaluations] == [10, 20]
  assert all('open_loop_reward_error/1' in line for line in evaluations)


def test_tensorboard_holds_scalars_and_open_loop_predictions(debug_run):
  tags = {}
  for split in ('train', 'test'):
    (path,) = (debug_run / split).glob('events*')
    for event in tf.compat.v1.train.summary_iterator(str(path)):
      for value in event.summary.value:
        tags[f'{split}/{value.tag}'] = value
  for tag in ('train/loss', 'train/return', 'train/counters/env_steps'):
    assert tag in tags
  for tag in ('test/loss', 'test/return', 'test/open_loop_image_error/4'):
    assert tag in tags
  for name in predictions.NAMES:
    width, height, gif = tags[f'test/{name}/animation'].tensor.string_val[:3]
    assert gif[:6] == b'GIF89a'
    assert int(height) == 4 * 64 and int(width) == 2 * 64
    assert f'test/{name}/strip' in tags
    assert f'test/{name}/reward_log_prob' in tags
    assert tags[f'test/{name}/entropy'].metadata.plugin_data.plugin_name == (
      'histograms'
    )
  assert tags['test/episode'].tensor.string_val[2][:6] == b'GIF89a'
  assert 'test/open_loop/trajectories' in tags


@pytest.mark.slow
def test_equal_seeds_give_equal_runs(debug_run, tmp_path):
  _train(tmp_path)
  _assert_same_run(debug_run, tmp_path)


def test_finished_run_stays_unchanged(debug_run, tmp_path):
  logdir = tmp_path / 'run'
  shutil.copytree(debug_run, logdir)
  counters = _train(logdir)
  assert counters == load_run(debug_run)[1]
  _assert_same_run(debug_run, logdir)


def test_stopped_and_extended_run_equals_an_uninterrupted_run(
  debug_run, tmp_path
):
  short = 'train.total_episodes = 2'
  counters = _train(tmp_path, short, should_stop=_interrupt(85))
  assert 0 < counters.updates < 10  # Stopped during updates.
  assert _train(tmp_path, short).episodes == 2
  counters = _train(tmp_path, should_stop=_interrupt(60))
  assert counters.updates == 21  # Stopped during the last collection.
  _train(tmp_path, 'make_envs.workers = 2')
  _assert_same_run(debug_run, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
  'moment',
  [
    3,  # Seed episode of training data.
    45,  # Seed episode of test data.
    85,  # Updates.
    95,  # Evaluation.
    140,  # Collection.
  ],
)
def test_stopped_run_resumes_exactly(debug_run, tmp_path, moment):
  _train(tmp_path, should_stop=_interrupt(moment))
  _train(tmp_path, 'make_envs.workers = 2')
  _assert_same_run(debug_run, tmp_path)


def test_killed_run_resumes_from_the_last_checkpoint(debug_run, tmp_path):
  """A kill leaves an episode and records that are newer than the checkpoint."""

  class Killed(BaseException):
    pass

  def kill():
    lines = tmp_path / 'metrics.jsonl'
    if lines.exists() and '"updates": 18' in lines.read_text():
      raise Killed
    return False

  with pytest.raises(Killed):
    _train(tmp_path, 'train.updates_per_log = 6', should_stop=kill)
  newest = list_episodes(tmp_path / 'train_episodes')[-1]
  stray = newest.with_name('20990101T000000-episode000002.npz')
  stray.write_bytes(newest.read_bytes())
  _train(tmp_path)
  assert (stray.parent / 'superseded' / stray.name).exists()
  one, two = _weights(debug_run), _weights(tmp_path)
  for name, value in one.items():
    np.testing.assert_array_equal(value, two[name], err_msg=name)
  # The first session records every 6 updates, the second one every 5. Both
  # evaluations record losses, too.
  updates = [x['updates'] for x in _metrics(tmp_path) if 'loss' in x]
  assert updates == [6, 10, 15, 20, 20]


def test_another_configuration_is_refused_by_name(debug_run):
  with pytest.raises(RunError) as caught:
    _train(debug_run, 'collect.exploration = 0.1')
  message = str(caught.value)
  assert 'collect.exploration = 0.3 there and 0.1 now' in message
  assert '\n' not in message
  assert 'total_episodes' not in message


def test_diverged_training_keeps_the_last_checkpoint(tmp_path):
  with pytest.raises(TrainingDiverged, match='at update'):
    _train(tmp_path, 'compile_model.learning_rate = 1e20')
  # The checkpoint was written after the seed episodes.
  for name, value in _weights(tmp_path).items():
    assert np.all(np.isfinite(value)), name


def test_log_directory_that_cannot_be_created(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(RunError, match='choose another --logdir'):
    _train(tmp_path / 'file' / 'run')


def test_log_directory_in_use(debug_run):
  import fcntl

  with (debug_run / '.lock').open('w') as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    with pytest.raises(RunError, match='in use by another process'):
      _train(debug_run)


@pytest.mark.parametrize(
  'param, message',
  [
    ('train.seed_episodes = 0', 'seed_episodes must be at least 1, got 0'),
    ('train.seed = 2147483648', 'seed must be below'),
    ('train.seed_episodes = 9', 'total_episodes=3 must be at least'),
    ('make_sampler.length = 42', 'make_sampler needs 42 steps'),
    ('train.open_loop_context = 10', 'must be less than make_sampler.length'),
    ('make_objectives.free_nats = -1.0', 'free_nats must be at least 0'),
  ],
)
def test_invalid_settings_leave_the_directory_free(tmp_path, param, message):
  with pytest.raises(ConfigurationError, match=message):
    _train(tmp_path, param)
  assert not (tmp_path / 'config.gin').exists()
