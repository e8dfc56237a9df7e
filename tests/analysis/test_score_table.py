"""Tests of table 1."""

import json

import pytest

from planet_tf.analysis import read_group, read_published
from planet_tf.analysis.tables.score_table import (
  Cell,
  make_rows,
  make_table,
)
from tests.analysis.run_files import (
  SESSION,
  append_config,
  evaluation_record,
  simulator_record,
  write_evaluated_run,
  write_records,
  write_run,
)

BASIS = 'ours, cheetah_run: 2 seeds, 4 trajectories, 999 training episodes'


@pytest.fixture
def groups(runs):
  return [read_group(f'ours={runs}/*')]


def _origin(pattern):
  (row,) = make_rows([], [read_group(str(pattern))])
  return row.origin


def test_cells_are_the_last_common_evaluations(groups):
  rows = make_rows(read_published(), groups)
  ours = rows[-1]
  assert (ours.method, ours.source) == ('ours', 'measured')
  assert ours.cells['cheetah_run'] == Cell(400.0, 999, 2, 4, 300)
  assert ours.cells['walker_walk'].score == 900.0
  assert 'reacher_easy' not in ours.cells
  published = {row.method: row for row in rows if row.source == 'published'}
  assert published['PlaNet'].cells['cheetah_run'].score == 662
  assert published['D4PG'].cells['walker_walk'].episodes == 100000


def test_the_table_states_the_basis_of_cells(groups, runs):
  text = make_table(make_rows(read_published(), groups), groups).markdown()
  assert '| ours | measured | pixels | - | - | 400 | - | - | 900 |' in text
  assert f'- {BASIS}' in text
  assert (
    '- ours: commit abc1234; A CPU, 2 cores, 0 GPUs; TensorFlow 2.21.0, '
    'MuJoCo 3.17.0; products in float32; planet.gin\n'
  ) in text
  # One of the runs is ahead.
  assert '- ours: cheetah_run after 300 updates, the last evaluation' in text
  assert f'{runs}/cheetah_run_1_12 has reached 300' in text
  assert f'{runs}/cheetah_run_0_12 400\n' in text


def test_special_characters_are_escaped(groups):
  rows = make_rows(read_published(), groups)
  odd = rows[-1]._replace(method='10%_|x|')
  table = make_table([*rows, odd], groups)
  assert r'| 10%_\|x\| | measured' in table.markdown()
  text = table.latex()
  assert r'ours & measured & pixels & - & - & 400 & - & - & 900 \\' in text
  assert r'10\%\_|x| & measured' in text
  assert f'% {BASIS}' in text
  assert '% published: Hafner et al.' in text


def test_rows_state_the_precision_that_machines_chose(tmp_path):
  for seed, precision in enumerate(('float32', 'bfloat16')):
    path = write_evaluated_run(tmp_path, 'cheetah_run', seed, [(1, 1, [1.0])])
    append_config(path, "make_world_model.precision = 'auto'")
    session = SESSION | {'auto_precision': precision}
    (path / 'versions.json').write_text(json.dumps([session]))
  origin = _origin(f'{tmp_path}/*')
  assert '; products in float32 and bfloat16; planet.gin with ' in origin


def test_rows_state_settings_that_differ_from_the_paper(tmp_path):
  path = write_evaluated_run(tmp_path, 'cheetah_run', 0, [], horizon=6)
  returns = {'episode_returns/fast': [1.0]}
  write_records(path, [evaluation_record(10, 100, **returns)])
  append_config(
    path,
    "train.evaluations = ('fast', 'slow')",
    'train.total_episodes = 10',
    'fast/make_planner.candidates = 20',
    'slow/make_planner.candidates = 30',
  )
  assert _origin(path).endswith(
    'planet.gin with make_planner.horizon = 6, fast/make_planner.candidates = '
    '20'
  )


def test_rows_of_the_true_simulator_state_their_settings(tmp_path):
  envs = {'make_envs.action_repeat': None, 'make_envs.duration': 5}
  path = tmp_path / 'simulator.json'
  path.write_text(json.dumps(simulator_record(envs=envs)))
  assert _origin(path).endswith('planet.gin with make_envs.duration = 5')


def test_rows_state_several_tasks_and_imported_weights(tmp_path):
  tasks = ('cheetah_run', 'walker_walk')
  returns = {f'episode_returns/{task}': [1.0] for task in tasks}
  path = tmp_path / 'run'
  config = f'train.task = {tasks!r}\n'
  write_run(path, tasks, config, [evaluation_record(12, 7, **returns)])
  text = '; one agent for 2 tasks, and episodes of each'
  assert _origin(path).endswith(text)
  (path / 'imported.json').write_text('{}')
  assert _origin(path).endswith(f'{text}; begun with weights of the original')


@pytest.mark.parametrize('sessions', [[], [{}]])
def test_missing_facts_about_sessions_are_unknown(tmp_path, sessions):
  path = write_evaluated_run(tmp_path, 'cheetah_run', 0, [(1, 1, [1.0])])
  (path / 'versions.json').write_text(json.dumps(sessions))
  assert _origin(path).startswith('commit unknown; ')
