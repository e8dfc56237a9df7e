"""Tests of the reader of run directories."""

import pytest

from planet_tf import analysis
from planet_tf.analysis.run import RETURN_COLUMNS
from planet_tf.runs.directory import RunError
from tests.analysis.run_files import (
  SESSION,
  append_config,
  evaluation_record,
  write_evaluated_run,
  write_run,
)


def test_read_metrics_skips_damaged_lines(logdir):
  assert len(analysis.read_metrics(logdir)) == 19
  assert len(analysis.read_metrics(str(logdir), 'test')) == 4
  with (logdir / 'metrics.jsonl').open('a') as file:
    file.write('\n17\nnull\n{"a": 1}\n\x00\n')
  assert len(analysis.read_metrics(logdir)) == 19


def test_returns_are_episodes_and_evaluations_only(logdir):
  rows = analysis.read_run(logdir).returns()
  random, planned, evaluations = analysis.split_returns(rows)
  assert [row['return'] for row in random] == [10, 30]
  assert [row['return'] for row in planned] == [100 + 10 * i for i in range(12)]
  assert [row['return'] for row in evaluations] == [200, 400, 300]
  assert [row['updates'] for row in evaluations] == [500, 900, 1300]
  assert tuple(rows[0]) == RETURN_COLUMNS
  assert evaluations[0] == {
    'split': 'test',
    'updates': 500,
    'episodes': 6,
    'env_steps': 2400,
    'hours': 1.75,
    'return': 200.0,
  }


def test_hours_exclude_the_pause(logdir):
  run = analysis.read_run(logdir)
  _, planned, _ = analysis.split_returns(run.returns())
  # The second session starts at 9.75 h; the last record before is at 1.75 h.
  expected = [1 + number / 4 for number in range(12)]
  assert [row['hours'] for row in planned] == pytest.approx(expected)
  assert run.records[-1]['hours'] == pytest.approx(3.75)


def test_hours_start_with_the_first_record_if_no_session_is_known(tmp_path):
  records = [evaluation_record(1, 1), evaluation_record(2, 2)]
  records[1]['time'] = 1800.0
  run = analysis.read_run(
    write_run(tmp_path / 'run', ['dummy'], '', records, [{}])
  )
  assert [record['hours'] for record in run.records] == [0.0, 0.5]


def test_an_agent_of_several_tasks_has_returns_of_each(tmp_path):
  tasks = ('cheetah_run', 'walker_walk')
  returns = {f'episode_returns/{task}': [len(task)] for task in tasks}
  means = {f'return/{task}': len(task) for task in tasks}
  record = evaluation_record(12, 7, env_steps=1, **returns, **means)
  config = f'train.task = {tasks!r}\n'
  run = analysis.read_run(write_run(tmp_path / 'a', tasks, config, [record]))
  assert run.tasks == tasks
  # Episodes are divided between the tasks.
  assert run.evaluations('cheetah_run') == [(6, 7, [11])]
  assert run.evaluations() == run.evaluations('cheetah_run')
  assert [row['return'] for row in run.returns('walker_walk')] == [11]


def test_evaluations_are_those_of_one_planner(tmp_path):
  records = [
    # With one planner, a record does not name it.
    evaluation_record(5, 5, episode_returns=[9.0]),
    evaluation_record(
      12, 7, **{'episode_returns/main': [2.0], 'episode_returns/fast': [1.0]}
    ),
  ]
  path = write_run(tmp_path / 'run', ['dummy'], '', records)
  assert analysis.read_run(path).evaluations() == [
    (5, 5, [9.0]),
    (12, 7, [2.0]),
  ]
  append_config(path, "train.evaluations = ('main', 'fast')")
  run = analysis.read_run(path)
  assert run.evaluations() == [(12, 7, [2.0])]
  assert run.evaluations(planner='fast') == [(12, 7, [1.0])]


def test_evaluations_refuse_returns_that_are_not_finite(tmp_path):
  nan = float('nan')
  path = write_evaluated_run(tmp_path, 'cheetah_run', 0, [(1, 2, [nan])])
  with pytest.raises(RunError, match='nan.* of cheetah_run after 2 updates'):
    analysis.read_run(path).evaluations()


@pytest.mark.parametrize(
  'name, content, message',
  [
    ('versions.json', '[{', 'is damaged'),
    ('versions.json', None, 'has no versions.json'),
    ('task.json', None, 'has no task.json'),
    ('config.gin', None, 'has no config.gin'),
  ],
)
def test_damaged_runs_are_named(logdir, name, content, message):
  (logdir / name).unlink()
  if content is not None:
    (logdir / name).write_text(content)
  with pytest.raises(RunError, match=message):
    analysis.read_run(logdir)


def test_a_run_without_records_is_read(logdir):
  (logdir / 'metrics.jsonl').unlink()
  assert analysis.read_run(logdir).records == []


def test_read_runs_labels_runs_by_their_relative_paths(tmp_path):
  for name in ('a/x', 'a/y', 'b/x'):
    record = evaluation_record(1, 1)
    write_run(tmp_path / name, ['dummy'], '', [record], [SESSION])
  assert list(analysis.read_runs(f'{tmp_path}/*/*')) == ['a/x', 'a/y', 'b/x']
  assert list(analysis.read_runs(f'{tmp_path}/a/*')) == ['x', 'y']
  assert list(analysis.read_runs(f'{tmp_path}/a/x')) == [f'{tmp_path}/a/x']
  with pytest.raises(RunError, match='matches no run directory'):
    analysis.read_runs(f'{tmp_path}/c*')
