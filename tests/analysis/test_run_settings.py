"""Tests of the settings of runs."""

import pytest

from planet_tf.analysis import read_settings
from planet_tf.config import gin_files
from planet_tf.runs.directory import RunError


def _read(folder, text):
  (folder / 'config.gin').write_text(text)
  return read_settings(folder)


def test_settings_override_the_defaults(tmp_path):
  settings = _read(tmp_path, '# A comment.\nmake_planner.horizon = 6\n\n')
  assert settings['make_planner.horizon'] == 6
  assert settings['make_planner.candidates'] == 1000
  # Another call does not see the changes.
  assert _read(tmp_path, '')['make_planner.horizon'] == 12


def test_old_names_are_translated(tmp_path):
  settings = _read(
    tmp_path,
    "train.tests = ('fast',)\ntrain.test_episodes = 3\n"
    'make_world_model.chains = 2\nmake_sampler.refresh_every = 7\n'
    'fast/collect.every = 9\ncollect.until = None\n'
    'train.updates_per_test = 8\n',
  )
  assert settings['train.evaluations'] == ('fast',)
  assert settings['train.evaluation_episodes'] == 3
  assert settings['make_world_model.num_splits'] == 2
  assert settings['make_sampler.refresh_interval'] == 7
  assert settings['fast/collect.interval'] == 9
  assert settings['train.updates_per_evaluation'] == 8
  assert not {'train.tests', 'collect.until'} & settings.keys()


def test_settings_that_no_longer_exist_are_kept(tmp_path):
  settings = _read(tmp_path, 'train.updates_per_episode = 200\n')
  assert settings['train.updates_per_episode'] == 200


def test_reading_does_not_change_the_configuration(tmp_path):
  gin_files.parse([], ['make_planner.horizon = 3'])
  before = gin_files.text()
  _read(tmp_path, 'make_planner.horizon = 6\n')
  assert gin_files.text() == before


@pytest.mark.parametrize('line', ['nonsense', 'a.b = @c', 'a.b = (1'])
def test_lines_that_are_not_bindings_are_named(tmp_path, line):
  with pytest.raises(RunError, match='not a binding'):
    _read(tmp_path, f'train.seed = 1\n{line}\n')
