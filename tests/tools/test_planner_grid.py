"""Tests of the command of the planner grid."""

import json
import subprocess

import pytest

from planet_tf.analysis.planner_grid.cells import make_cells
from tests.commands import run_tool
from tools.planner_grid import grid
from tools.true_simulator.settings import parse_settings

PARAMS = ['make_envs.duration = 2']


@pytest.fixture
def commands(monkeypatch):
  """Commands of cells, which run in forks instead of new processes."""
  commands = []

  def run(command, **_):
    commands.append(command)
    assert command[1] == '-m'
    return run_tool(command[2].removeprefix('tools.'), *command[3:])

  monkeypatch.setattr(grid.subprocess, 'run', run)
  return commands


def test_missing_cells_run_and_are_drawn(tmp_path, commands):
  cells = make_cells([2], [0.5], [1], [4])
  asked = parse_settings('cheetah_run', 0, [], PARAMS)
  arguments = (asked, 1, tmp_path, [], PARAMS)
  records = grid.run_grid(cells, *arguments)
  assert list(records) == cells
  assert len(commands) == 1
  assert '| 2 | 2 (50%) | 1 | 4 |' in (tmp_path / 'figure12.md').read_text()
  for name in ('figure12.png', 'figure12.svg', 'h2_k2_i1_j4.json'):
    assert (tmp_path / name).stat().st_size
  assert grid.run_grid(cells, *arguments) == records
  assert len(commands) == 1


def test_a_cell_that_fails_is_named(tmp_path, monkeypatch):
  monkeypatch.setattr(
    grid.subprocess,
    'run',
    lambda command, **_: subprocess.CompletedProcess(command, 2),
  )
  asked = parse_settings('cheetah_run', 0, [], PARAMS)
  cells = make_cells([2], [0.5], [1], [4])
  with pytest.raises(grid.CellFailed, match='h2_k2_i1_j4 failed'):
    grid.run_grid(cells, asked, 1, tmp_path, [], PARAMS)


def test_the_command_shows_finished_cells(tmp_path):
  (cell,) = make_cells([2], [0.5], [1], [4])
  settings = parse_settings('cheetah_run', 0, [], [*PARAMS, *cell.params])
  record = {**settings, 'sessions': [{}], 'results': [{'return': 7.0}]}
  (tmp_path / f'{cell.name}.json').write_text(json.dumps(record))
  arguments = (
    f'--output={tmp_path}',
    '--horizons=2',
    '--elite_fractions=0.5',
    '--iterations=1',
    '--candidates=4',
    f'--gin_param={PARAMS[0]}',
  )
  result = run_tool('planner_grid', *arguments)
  assert result.returncode == 0, result.stderr
  assert 'Cell' not in result.stderr
  assert '| 2 | 2 (50%) | 1 | 4 | 7 | 1 |' in result.stdout


@pytest.mark.parametrize(
  'argument, message',
  [
    ('--horizons=6,a', '--horizons=6,a must be positive numbers'),
    ('--candidates=0', '--candidates=0 must be positive numbers'),
    ('--elite_fractions=nan', '--elite_fractions=nan must be positive'),
    ('--gin_param=make_planner.horizon = 9', 'set the cells with --horizons'),
    ('--task=dummy', "Task 'dummy' cannot be simulated"),
    ('--gin_param=make_planner.horizons=3', "'horizons'"),
  ],
)
def test_mistakes_are_named_in_one_line(tmp_path, argument, message):
  result = run_tool('planner_grid', f'--output={tmp_path / "grid"}', argument)
  assert result.returncode == 2
  assert message in result.stderr
  assert 'Traceback' not in result.stderr
