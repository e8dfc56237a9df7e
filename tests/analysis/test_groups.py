"""Tests of groups of runs: labels, selection, and what they refuse to mix."""

import json

import pytest

from planet_tf.analysis import read_group, read_groups
from planet_tf.analysis.simulator_records import RecordError
from planet_tf.analysis.tables.group import GroupError
from planet_tf.runs.directory import RunError
from tests.analysis.run_files import (
  append_config,
  evaluation_record,
  simulator_record,
  write_evaluated_run,
  write_records,
  write_run,
)

TASKS = ('cheetah_run', 'walker_walk')
TWO_PLANNERS = {'episode_returns/fast': [1.0], 'episode_returns/main': [2.0]}


def test_labels_and_globs_may_contain_equals_signs(tmp_path):
  write_evaluated_run(tmp_path / 'lr=1', 'cheetah_run', 0, [(1, 1, [1.0])])
  assert read_group(f'{tmp_path}/lr=1/*').label == 'planet_tf'
  assert read_group(f'a={tmp_path}/lr=1/*').label == 'a'
  assert read_group(f'lr=1={tmp_path}/lr=1/*').label == 'lr=1'
  for label in ('', '_a', 'a\nb'):
    with pytest.raises(GroupError, match='has the label'):
      read_group(f'{label}={tmp_path}/lr=1/*')
  with pytest.raises(GroupError, match="2 groups are called 'a'"):
    read_groups([f'a={tmp_path}/lr=1/*'] * 2)


def test_the_first_evaluated_planner_counts(tmp_path):
  record = evaluation_record(12, 7, **TWO_PLANNERS)
  paths = [
    write_evaluated_run(tmp_path, 'cheetah_run', seed, []) for seed in (0, 1)
  ]
  for path in paths:
    write_records(path, [record])
  append_config(paths[0], "train.evaluations = ('main', 'fast')")
  append_config(paths[1], "train.evaluations = ('main', 'fast')")
  first, second = read_group(f'{tmp_path}/*').evaluations('cheetah_run')[0]
  assert first.returns == second.returns == [2.0]
  append_config(paths[1], "train.evaluations = ('fast', 'main')")
  with pytest.raises(GroupError, match='train.evaluations is .* two groups'):
    read_group(f'{tmp_path}/*')


def test_a_planner_can_be_selected(tmp_path):
  path = write_evaluated_run(tmp_path, 'cheetah_run', 0, [])
  # The first evaluation had one planner, and so does not name it.
  first = evaluation_record(5, 5, episode_returns=[9.0])
  write_records(path, [first, evaluation_record(12, 7, **TWO_PLANNERS)])
  append_config(
    path,
    "train.evaluations = ('main', 'fast')",
    'fast/make_planner.candidates = 20',
  )
  texts = [f'PlaNet={tmp_path}/*', f'PlaNet@fast={tmp_path}/*']
  main, fast = read_groups(texts)
  assert main.evaluations('cheetah_run') == [[(12, 7, [2.0])]]
  assert fast.evaluations('cheetah_run') == [[(12, 7, [1.0])]]
  assert main.changed == {}
  assert fast.changed == {'fast/make_planner.candidates': 20}
  with pytest.raises(GroupError, match="planner 'fats', only of main, fast"):
    read_group(f'PlaNet@fats={tmp_path}/*')


def test_runs_without_an_evaluation_are_left_out_and_named(runs):
  unevaluated = write_evaluated_run(runs, 'cheetah_run', 3, [])
  started = runs / 'cheetah_run_4_12'
  started.mkdir()
  (started / 'config.gin').write_text('')
  group = read_group(f'{runs}/*')
  assert len(group.members) == 3
  assert group.notes[:2] == [
    f'{started} has no evaluation yet and is left out',
    f'{unevaluated} (cheetah_run) has no evaluation yet and is left out',
  ]
  with pytest.raises(GroupError, match='no evaluation yet; wait'):
    read_group(str(unevaluated))


def test_one_agent_for_several_tasks_is_not_mixed_with_others(runs):
  returns = {f'episode_returns/{task}': [1.0] for task in TASKS}
  for seed in (5, 6):
    config = f'train.seed = {seed}\ntrain.task = {TASKS!r}\n'
    record = evaluation_record(12, 7, **returns)
    write_run(runs / f'cheetah_run_{seed}_12', TASKS, config, [record])
  group = read_group(f'{runs}/cheetah_run_[56]_12')
  assert group.tasks_per_agent == 2
  assert len(group.of_task('walker_walk')) == 2
  with pytest.raises(GroupError, match='train.task is .* two groups'):
    read_group(f'{runs}/cheetah_run_[15]_12')


def test_imported_runs_are_not_mixed_with_others(runs):
  (runs / 'cheetah_run_1_12' / 'imported.json').write_text('{}')
  with pytest.raises(GroupError, match="cheetah_run_1_12' began with weights"):
    read_group(f'{runs}/*')
  assert read_group(f'{runs}/cheetah_run_1_12').imported


def test_different_numbers_of_evaluation_episodes_are_not_mixed(runs):
  append_config(runs / 'cheetah_run_1_12', 'train.evaluation_episodes = 7')
  with pytest.raises(GroupError, match='evaluation_episodes is 1 and 7'):
    read_group(f'{runs}/*')


def test_different_configurations_are_not_mixed(runs):
  write_evaluated_run(runs, 'cheetah_run', 7, [(5, 5, [1.0])], horizon=6)
  with pytest.raises(GroupError, match='make_planner.horizon is .* two groups'):
    read_group(f'{runs}/*')
  # The number of workers may differ.
  assert len(read_group(f'{runs}/*_12').members) == 3
  with pytest.raises(GroupError, match='matches no run directory'):
    read_group(f'{runs}/none*')


def test_runs_with_old_names_of_settings_are_compared_with_new_ones(runs):
  old, new = runs / 'cheetah_run_0_12', runs / 'cheetah_run_1_12'
  append_config(old, 'collect.every = 7', 'make_world_model.chains = 2')
  append_config(new, 'collect.interval = 7', 'make_world_model.num_splits = 2')
  group = read_group(f'{runs}/cheetah_run*')
  assert group.changed == {
    'collect.interval': 7,
    'make_world_model.num_splits': 2,
  }
  append_config(old, 'collect.every = 8')
  with pytest.raises(GroupError, match='collect.interval is 8 and 7'):
    read_group(f'{runs}/cheetah_run*')


def test_runs_older_than_a_setting_have_its_default(runs):
  path = write_evaluated_run(runs, 'cheetah_run', 7, [(5, 5, [1.0])])
  append_config(path, 'make_planner.refit_clipped = True')
  assert len(read_group(f'{runs}/*').members) == 4
  append_config(path, 'make_planner.refit_clipped = False')
  with pytest.raises(GroupError, match='refit_clipped is True and False'):
    read_group(f'{runs}/*')


def test_other_files_next_to_runs_are_ignored(runs):
  (runs / 'sweep.json').write_text('[]')
  (runs / 'cheetah_run_0.log').write_text('')
  assert len(read_group(f'{runs}/*').members) == 3
  (runs / 'simulator.json').write_text('{}')
  with pytest.raises(GroupError, match='matches run directories and files'):
    read_group(f'{runs}/*')


def test_no_run_counts_twice(runs, tmp_path):
  write_evaluated_run(tmp_path / 'copy', 'cheetah_run', 1, [(5, 5, [1.0])])
  with pytest.raises(GroupError, match='both of cheetah_run with seed 1'):
    read_group(f'{tmp_path}/*/cheetah_run_1_12')


def test_runs_without_a_common_evaluation_are_refused(tmp_path):
  for seed, updates in enumerate((100, 200)):
    write_evaluated_run(tmp_path, 'cheetah_run', seed, [(1, updates, [1.0])])
  with pytest.raises(GroupError, match='cheetah_run in planet_tf have no'):
    read_group(f'{tmp_path}/*').evaluations('cheetah_run')


def test_runs_without_readable_records_have_no_evaluation(tmp_path):
  path = write_evaluated_run(tmp_path, 'cheetah_run', 0, [(1, 1, [1.0])])
  text = '17\nnull\n{"a": 1}\n\udc80'
  (path / 'metrics.jsonl').write_text(text, errors='surrogateescape')
  with pytest.raises(GroupError, match='no evaluation yet'):
    read_group(f'{tmp_path}/*')


def test_damaged_runs_are_named(runs):
  (runs / 'cheetah_run_0_12' / 'task.json').unlink()
  with pytest.raises(RunError, match="cheetah_run_0_12' is not a run"):
    read_group(f'{runs}/*')


@pytest.mark.parametrize(
  'results, error',
  [
    ([], GroupError),
    ([{'return': 'x'}], RecordError),
    ([{'return': None}], RecordError),
  ],
)
def test_simulator_records_without_returns_are_refused(
  tmp_path, results, error
):
  path = tmp_path / 'simulator.json'
  path.write_text(json.dumps(simulator_record(results=results)))
  with pytest.raises(error, match='no episode yet|is not a file of'):
    read_group(str(path))
