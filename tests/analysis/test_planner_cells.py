"""Tests of the grid of planner settings."""

import json

import pytest

from planet_tf.analysis import draw_grid, read_cells
from planet_tf.analysis.planner_grid.cells import (
  Cell,
  GridError,
  cells_markdown,
  make_cells,
  mean_return,
)
from planet_tf.analysis.planner_grid.figure import write_grid
from planet_tf.analysis.simulator_records import RecordError
from tests.analysis.run_files import simulator_record

ASKED = simulator_record(planner={'horizon': 5, 'refit_clipped': False})
CELLS = make_cells([6, 8], [0.1, 0.3], [3, 10], [100])


@pytest.fixture
def records(tmp_path):
  """Records of all cells but the last one."""
  for number, cell in enumerate(CELLS[:-1]):
    record = simulator_record(
      planner={**cell._asdict(), 'refit_clipped': False},
      results=[{'return': 100.0 * number}, {'return': 100.0 * number + 20}],
    )
    (tmp_path / f'{cell.name}.json').write_text(json.dumps(record))
  return read_cells(tmp_path, ASKED)


def test_cells_are_all_combinations_the_cheapest_first():
  cells = make_cells([6, 12], [0.05, 0.5], [3], [100, 300])
  assert len(cells) == 8
  assert cells[0] == Cell(horizon=6, elites=5, iterations=3, candidates=100)
  assert cells[0].cost == 1800
  assert cells[0].params[1] == 'make_planner.elites = 5'
  assert cells[-1] == Cell(horizon=12, elites=150, iterations=3, candidates=300)
  assert cells[-1].name == 'h12_k150_i3_j300'
  with pytest.raises(GridError, match='0.001 of 100 candidates gives 0 elites'):
    make_cells([6], [0.001], [3], [100])


def test_records_are_read_and_listed(records):
  assert records.keys() == set(CELLS[:-1])
  assert mean_return(records[CELLS[2]]) == 210.0
  lines = cells_markdown(records).splitlines()
  assert lines[2] == '| 8 | 10 (10%) | 10 | 100 | 610 | 2 |'
  assert lines[-1].startswith(
    'Task cheetah_run, seed 0, refit_clipped = False; commit abc1234; A CPU'
  )


def test_heat_maps_show_the_means(records, tmp_path):
  means = {cell: mean_return(record) for cell, record in records.items()}
  *maps, _ = draw_grid(means, 'a title').axes
  assert [x.get_title() for x in maps] == ['I = 3, J = 100', 'I = 10, J = 100']
  texts = [[x.get_text() for x in axes.texts] for axes in maps]
  assert texts == [['10', '210', '110', '310'], ['410', '610', '510']]
  # Of 50 candidates, 5% are rounded to 2 elites, which are 4%.
  rounded = make_cells([6], [0.05], [3], [50, 100])
  *maps, _ = draw_grid(dict.fromkeys(rounded, 7.0), 'a title').axes
  assert [len(axes.texts) for axes in maps] == [1, 1]
  write_grid(tmp_path, records)
  for suffix in ('md', 'png', 'svg'):
    assert (tmp_path / f'figure12.{suffix}').stat().st_size


@pytest.mark.parametrize(
  'name, value',
  [
    ('task', 'walker_walk'),
    ('seed', 1),
    ('planner', {'horizon': 5, 'refit_clipped': True}),
    ('envs', ASKED['envs'] | {'make_envs.duration': 7}),
  ],
)
def test_records_with_other_settings_are_refused(
  records, tmp_path, name, value
):
  with pytest.raises(RecordError, match=r'has other settings \(.* there'):
    read_cells(tmp_path, {**ASKED, name: value})


def test_other_files_are_refused(tmp_path):
  (tmp_path / 'h1_k1_i1_j1.json').write_text('{}')
  with pytest.raises(RecordError, match='h1_k1_i1_j1.json'):
    read_cells(tmp_path, ASKED)


def test_older_records_are_read(tmp_path):
  record = simulator_record(planner=CELLS[0]._asdict())
  record['envs']['make_envs.camera'] = 0
  (tmp_path / f'{CELLS[0].name}.json').write_text(json.dumps(record))
  asked = simulator_record(planner={'refit_clipped': True})
  assert list(read_cells(tmp_path, asked)) == [CELLS[0]]
