"""Tests of the files of all tables and curves."""

import csv
import json

import pytest

from planet_tf.analysis import read_groups, write_paper
from tests.analysis.run_files import simulator_record


@pytest.fixture
def written(runs, tmp_path):
  """Folder with the tables of `runs` and of a simulator record, and notes."""
  (tmp_path / 'cheetah.json').write_text(json.dumps(simulator_record()))
  groups = read_groups([f'ours={runs}/*', f'simulator={tmp_path}/*.json'])
  return tmp_path / 'out', write_paper(groups, tmp_path / 'out')


def test_tables_and_curves_are_written(written):
  output, notes = written
  assert {path.name for path in output.iterdir()} == {
    'curves.png',
    'curves.svg',
    'curves.csv',
    *(f'table1.{x}' for x in ('md', 'csv', 'tex')),
    *(f'aggregates.{x}' for x in ('md', 'csv', 'tex')),
    *(f'efficiency.{x}' for x in ('md', 'csv', 'tex')),
  }
  assert any(x.startswith('ours: cheetah_run after 300') for x in notes)


def test_csv_files_hold_the_numbers(written):
  output, _ = written
  with (output / 'table1.csv').open() as file:
    records = [x for x in csv.DictReader(file) if x['source'] == 'measured']
  assert [(x['method'], x['task'], float(x['score'])) for x in records] == [
    ('ours', 'cheetah_run', 400.0),
    ('ours', 'walker_walk', 900.0),
    ('simulator', 'cheetah_run', 660.0),
  ]
  with (output / 'curves.csv').open() as file:
    points = list(csv.DictReader(file))
  assert [(x['task'], x['updates'], x['middle']) for x in points] == [
    ('cheetah_run', '100', '25.0'),
    ('cheetah_run', '200', '600.0'),
    ('cheetah_run', '300', '400.0'),
    ('walker_walk', '50', '900.0'),
  ]


def test_markdown_files_hold_the_rows(written):
  output, _ = written
  text = (output / 'efficiency.md').read_text()
  row = (
    '| ours | measured | D4PG | cheetah_run | 5000 | 524 | 20 | 200 | 2 | 4 |'
  )
  assert row in text
  assert '| PlaNet | published | D4PG | cheetah_run | 500+ | - |' in text
  text = (output / 'aggregates.md').read_text()
  # walker_walk has one seed, and so there is no interval.
  assert '| ours | 0.567 | - | 2 | 3 | 5 | 500, 50 |' in text
  assert 'ours: seeds of each task: cheetah_run 2, walker_walk 1' in text


def test_curves_of_an_earlier_call_are_removed(written, tmp_path):
  output, _ = written
  # The true simulator does not learn, and so has no curves.
  assert write_paper(read_groups([f'{tmp_path}/*.json']), output) == []
  assert not list(output.glob('curves.*'))


def test_a_note_says_why_averages_are_missing(runs, tmp_path):
  groups = read_groups([f'a={runs}/*', f'b={runs}/cheetah*'])
  notes = write_paper(groups, tmp_path / 'out')
  assert notes[-1].startswith('no averages over tasks are drawn')
