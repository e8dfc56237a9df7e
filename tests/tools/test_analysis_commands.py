"""Tests of the commands that read runs: curves, report, tables, events."""

import json
import re
import shutil

import pytest
from PIL import Image

from planet_tf.analysis import read_metrics
from tests.analysis.run_files import (
  evaluation_record,
  write_evaluated_run,
  write_run,
)
from tests.commands import run_tool


@pytest.fixture
def folder(tmp_path):
  """Folder with the runs `one` and `other`, which have an evaluation each."""
  for name in ('one', 'other'):
    values = {'env_steps': 1, 'return': 3.0, 'image_loss': 2.0}
    records = [evaluation_record(n, 10 * n, **values) for n in (1, 2)]
    train = [{**record, 'split': 'train'} for record in records]
    write_run(tmp_path / name, ['dummy'], '', [*train, *records])
  return tmp_path


def _check_error(result, message):
  assert result.returncode == 2
  assert message in result.stderr
  assert 'Traceback' not in result.stderr


def test_curves_draws_several_runs(folder):
  output = folder / 'curves'
  result = run_tool(
    'curves',
    f'--logdirs={folder}/o*',
    f'--output={output}',
    '--metrics=return,image_*',
    '--x=hours',
  )
  assert result.returncode == 0, result.stderr
  with Image.open(f'{output}.png') as image:
    assert image.width == 1200
  text = output.with_suffix('.svg').read_text()
  for label in ('one', 'other', 'image_loss, train', 'hours'):
    assert f'<!-- {label} -->' in text


def test_curves_keeps_the_result_of_runs(folder):
  result = run_tool(
    'curves', f'--logdirs={folder}/one', f'--results={folder / "kept"}'
  )
  assert result.returncode == 0, result.stderr
  assert {path.name for path in (folder / 'kept').iterdir()} == {
    'config.gin',
    'curve.csv',
    'curve.png',
    'summary.json',
    'versions.json',
  }
  summary = json.loads((folder / 'kept' / 'summary.json').read_text())
  assert summary == json.loads(result.stdout)
  result = run_tool(
    'curves', f'--logdirs={folder}/o*', f'--results={folder / "both"}'
  )
  assert result.returncode == 0, result.stderr
  assert (folder / 'both' / 'other' / 'curve.csv').exists()


def test_curves_names_mistakes(folder):
  logdirs = f'--logdirs={folder}/one'
  output = f'--output={folder / "a"}'
  (folder / 'other' / 'versions.json').write_text('[')
  for arguments, message in (
    ((logdirs,), 'Give --output or --results'),
    ((output,), '--logdirs is missing'),
    ((f'--logdirs={folder}/x*', output), 'matches no run directory'),
    ((f'--logdirs={folder}/other', output), 'is damaged'),
    ((logdirs, output, '--metrics=nothing'), 'recorded nothing; choose from'),
    ((logdirs, f'--output={folder}/x/a'), 'create its folder'),
  ):
    _check_error(run_tool('curves', *arguments), message)


def test_report_writes_a_page(folder):
  scores = {'policy': 'agent', 'tasks': {'dummy': {'mean': 3, 'returns': [3]}}}
  (folder / 'scores.json').write_text(json.dumps(scores))
  arguments = (f'--logdir={folder}/one', f'--output={folder}/page.html')
  result = run_tool('report', *arguments, f'--scores={folder}/scores.json')
  assert result.returncode == 0, result.stderr
  page = (folder / 'page.html').read_text()
  assert '<h1>one</h1>' in page and 'dummy, returns' in page
  # The page needs no network.
  assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
  (folder / 'scores.json').write_text('{"tasks": {"a": {}}}')
  _check_error(
    run_tool('report', *arguments, f'--scores={folder}/scores.json'),
    'does not hold scores',
  )
  shutil.rmtree(folder / 'one')
  _check_error(run_tool('report', *arguments), 'is not a run directory')


def test_paper_tables_writes_tables_and_prints_notes(tmp_path):
  evaluations = [(10, 100, [100.0, 300.0]), (20, 200, [400.0])]
  write_evaluated_run(tmp_path, 'cheetah_run', 0, evaluations)
  write_evaluated_run(tmp_path, 'cheetah_run', 1, evaluations[:1])
  output = tmp_path / 'tables'
  result = run_tool(
    'paper_tables', f'--runs=ours={tmp_path}/c*', f'--output={output}'
  )
  assert result.returncode == 0, result.stderr
  row = '| ours | measured | pixels | - | - | 200 | - | - | - |'
  assert row in result.stdout
  assert row in (output / 'table1.md').read_text()
  assert (output / 'curves.png').stat().st_size
  assert 'Note: ours: cheetah_run after 100 updates' in result.stderr
  _check_error(
    run_tool('paper_tables', '--runs=no*', f'--output={output}'),
    'matches no run directory',
  )


def test_fetch_events_copies_values_of_a_run(debug_run, tmp_path):
  logdirs, output = f'--logdirs={debug_run}', f'--output={tmp_path / "out"}'
  result = run_tool('fetch_events', logdirs, '--tags=return*', output)
  assert result.returncode == 0, result.stderr
  (path,) = (tmp_path / 'out').glob('*_test/return.csv')
  rows = [line.split(',') for line in path.read_text().splitlines()[1:]]
  expected = [x for x in read_metrics(debug_run, 'test') if 'return' in x]
  assert [int(step) for _, step, _ in rows] == [x['updates'] for x in expected]
  assert [float(value) for _, _, value in rows] == pytest.approx(
    [x['return'] for x in expected], rel=1e-6
  )
  tags = '--tags=open_loop/animation'
  result = run_tool('fetch_events', logdirs, tags, output)
  assert result.returncode == 0, result.stderr
  files = (tmp_path / 'out').glob('*_test/open_loop_animation-*.gif')
  assert len(list(files)) == len(expected)
  for arguments, message in (
    ((f'--logdirs={tmp_path}/x*',), 'matches no folder with TensorBoard'),
    ((logdirs, '--tags=nothing'), 'matches nothing in 2'),
  ):
    _check_error(run_tool('fetch_events', *arguments, output), message)
