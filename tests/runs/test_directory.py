"""Tests of run directories: locks, and which settings make another run."""

import pytest

from planet_tf.config import gin_files
from planet_tf.errors import TRY_AGAIN
from planet_tf.runs.directory import (
  RunDirectory,
  RunError,
  RunInUse,
  different_settings,
  is_in_use,
  read_json,
)


@pytest.fixture(autouse=True)
def _configuration():
  gin_files.parse(['tasks/dummy.gin'])


def test_planners_that_are_only_evaluated_are_free_settings():
  before = {'train.collections': ('main',), 'train.evaluations': ('main',)}
  after = {
    **before,
    'train.evaluations': ('main', 'cheap'),
    'cheap/make_planner.candidates': 100,
    'train.total_episodes': 9,
  }
  assert different_settings(before, after) == []
  after['main/make_planner.candidates'] = 100
  assert different_settings(before, after) == ['main/make_planner.candidates']
  assert different_settings(after, after) == []


def test_locked_folder_is_in_use_until_it_is_closed(tmp_path):
  assert not is_in_use(tmp_path / 'run')
  run = RunDirectory(tmp_path / 'run')
  assert is_in_use(run.path)
  with pytest.raises(RunInUse, match='in use by another process; ') as caught:
    RunDirectory(run.path)
  assert str(run.path) in str(caught.value)
  assert caught.value.exit_code == TRY_AGAIN
  run.close()
  assert not is_in_use(run.path)
  RunDirectory(run.path).close()


def test_is_in_use_creates_nothing(tmp_path):
  assert not is_in_use(tmp_path)
  assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_created_is_named(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(RunError, match='choose another --logdir') as caught:
    RunDirectory(tmp_path / 'file' / 'run')
  assert str(tmp_path) in str(caught.value)


def test_damaged_json_is_named(tmp_path):
  path = tmp_path / 'versions.json'
  path.write_text('{')
  with pytest.raises(RunError, match='versions.json.* is damaged'):
    read_json(path)
