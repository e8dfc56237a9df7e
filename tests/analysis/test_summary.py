"""Tests of the summary and the files of a learning curve."""

import csv
import json

import pytest

from planet_tf import analysis
from planet_tf.runs.directory import RunError
from tests.analysis.run_files import evaluation_record, write_run

SUMMARY = {
  'task': 'dummy',
  'random_episodes': 2,
  'random_mean_return': 20.0,
  'first_5_planned_mean_return': 120.0,
  'last_10_planned_mean_return': 165.0,
  'tests': 3,
  'first_test_return': 200.0,
  'last_5_tests_mean_return': 300.0,
  'best_test_return': 400.0,
  'best_test_updates': 900,
  'updates': 1300,
  'episodes': 14,
  'env_steps': 5600,
  'hours': 3.75,
  'sessions': 2,
  'commit': ['aaa', 'bbb'],
  'processor': 'Abacus',
  'cores': 2,
  'tensorflow': '2.21.0',
}


def test_summary_has_means_counters_and_hardware(logdir):
  assert analysis.summarize(analysis.read_run(logdir)) == SUMMARY


def test_a_run_without_episodes_has_no_summary(logdir):
  (logdir / 'metrics.jsonl').unlink()
  with pytest.raises(RunError, match='has no return yet'):
    analysis.summarize(analysis.read_run(logdir))


def test_learning_curve_is_written(logdir, tmp_path):
  run, output = analysis.read_run(logdir), tmp_path / 'results' / 'name'
  assert analysis.write_learning_curve(run, output) == {'dummy': SUMMARY}
  assert {path.name for path in output.iterdir()} == {
    'config.gin',
    'curve.csv',
    'curve.png',
    'summary.json',
    'versions.json',
  }
  assert json.loads((output / 'summary.json').read_text()) == SUMMARY
  with (output / 'curve.csv').open() as file:
    rows = list(csv.DictReader(file))
  assert len(rows) == 17
  assert list(rows[0].values()) == ['train', '0', '1', '400', '0.25', '10.0']
  returns = [row['return'] for row in run.returns()]
  assert [float(row['return']) for row in rows] == returns


def test_each_task_has_a_folder(tmp_path):
  tasks = ('a', 'b')
  values = {'return/a': 1.0, 'return/b': 2.0, 'env_steps': 1}
  record = {**evaluation_record(2, 1, **values), 'split': 'train'}
  run = analysis.read_run(write_run(tmp_path / 'run', tasks, '', [record]))
  analysis.write_learning_curve(run, tmp_path / 'out')
  for task, value in (('a', 1.0), ('b', 2.0)):
    path = tmp_path / 'out' / task / 'summary.json'
    summary = json.loads(path.read_text())
    assert summary['task'] == task
    assert summary['last_10_planned_mean_return'] == value
