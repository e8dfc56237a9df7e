"""The grid of planner settings: a small one, run and drawn."""

import json

import pytest

from planet_tf.cli import UsageError
from tests.commands import run_tool
from tools.planner_grid import figure
from tools.planner_grid.cells import (
  Cell,
  make_cells,
  markdown,
  mean_return,
  read_records,
)

ENVS = {'make_envs.action_repeat': None, 'make_envs.duration': None}


def test_cells_are_all_combinations_the_cheapest_first():
  cells = make_cells([6, 12], [0.05, 0.5], [3], [100, 300])
  assert len(cells) == 8
  assert cells[0] == Cell(horizon=6, elites=5, iterations=3, candidates=100)
  assert cells[0].cost == 1800
  assert cells[-1] == Cell(horizon=12, elites=150, iterations=3, candidates=300)
  assert cells[-1].name == 'h12_k150_i3_j300'
  with pytest.raises(UsageError, match='0.001 of 100 candidates are 0 elites'):
    make_cells([6], [0.001], [3], [100])


def test_scores_are_read_listed_and_drawn(tmp_path):
  asked = {'task': 'cheetah_run', 'seed': 0, 'envs': ENVS}
  asked['planner'] = {'horizon': 5, 'refit_clipped': False}
  session = {'commit': 'abc', 'processor': 'A CPU', 'cores': 2, 'gpus': 0}
  session |= {'tensorflow': '2', 'mujoco': '3'}
  cells = make_cells([6, 8], [0.1, 0.3], [3, 10], [100])
  for number, cell in enumerate(cells[:-1]):
    record = {
      **asked,
      'planner': {**cell._asdict(), 'refit_clipped': False},
      'sessions': [session],
      'results': [{'return': 100.0 * number}, {'return': 100.0 * number + 20}],
    }
    (tmp_path / f'{cell.name}.json').write_text(json.dumps(record))
  records = read_records(tmp_path, asked)
  assert records.keys() == set(cells[:-1])
  means = {cell: mean_return(record) for cell, record in records.items()}
  assert means[cells[2]] == 210.0
  lines = markdown(records).splitlines()
  assert lines[2] == '| 8 | 10 (10%) | 10 | 100 | 610 | 2 |'
  assert lines[-1].startswith(
    'Task cheetah_run, seed 0, refit_clipped = False; commit abc; A CPU'
  )
  drawn = figure.draw(means, 'a title')
  *maps, _ = drawn.axes
  assert [x.get_title() for x in maps] == ['I = 3, J = 100', 'I = 10, J = 100']
  texts = [[x.get_text() for x in axes.texts] for axes in maps]
  assert texts == [['10', '210', '110', '310'], ['410', '610', '510']]
  for name, value in (
    ('task', 'walker_walk'),
    ('seed', 1),
    ('planner', {'horizon': 5, 'refit_clipped': True}),
    ('envs', ENVS | {'make_envs.duration': 7}),
  ):
    with pytest.raises(UsageError, match=r'is of other settings \(.* there'):
      read_records(tmp_path, {**asked, name: value})
  # Of 50 candidates 5% are 2, which is 4%.
  rounded = make_cells([6], [0.05], [3], [50, 100])
  *maps, _ = figure.draw(dict.fromkeys(rounded, 7.0), 'a title').axes
  assert [len(axes.texts) for axes in maps] == [1, 1]
  (tmp_path / 'h1_k1_i1_j1.json').write_text('{}')
  with pytest.raises(UsageError, match='h1_k1_i1_j1.json'):
    read_records(tmp_path, asked)


def test_the_command_runs_what_is_missing_and_draws(tmp_path):
  output = tmp_path / 'grid'
  arguments = (
    f'--output={output}',
    '--horizons=2',
    '--elite_fractions=0.5',
    '--iterations=1',
    '--candidates=4',
    '--gin_param=make_envs.duration = 2',
  )
  result = run_tool('planner_grid', *arguments)
  assert result.returncode == 0, result.stderr
  assert 'Cell 1 of 1' in result.stderr
  assert '| 2 | 2 (50%) | 1 | 4 |' in (output / 'figure12.md').read_text()
  for name in ('figure12.png', 'figure12.svg', 'h2_k2_i1_j4.json'):
    assert (output / name).stat().st_size
  result = run_tool('planner_grid', *arguments)
  assert result.returncode == 0
  assert 'Cell' not in result.stderr


@pytest.mark.parametrize(
  'argument, message',
  [
    ('--horizons=6,a', '--horizons=6,a must be positive numbers'),
    ('--candidates=0', '--candidates=0 must be positive numbers'),
    ('--elite_fractions=nan', '--elite_fractions=nan must be positive'),
    ('--gin_param=make_planner.horizon = 9', 'name the cells by --horizons'),
    ('--task=dummy', "Task 'dummy' cannot be simulated"),
    ('--gin_param=make_planner.horizons=3', "'horizons'"),
  ],
)
def test_mistakes_end_in_one_line(tmp_path, argument, message):
  result = run_tool('planner_grid', f'--output={tmp_path / "grid"}', argument)
  assert result.returncode == 2
  assert message in result.stderr
  assert 'Traceback' not in result.stderr
