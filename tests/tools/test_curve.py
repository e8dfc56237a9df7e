"""Learning curves, on a run whose numbers are known."""

import csv
import json

import pytest
from PIL import Image

from planet_tf.cli import UsageError
from tests.commands import run_tool
from tools.curve import picture
from tools.curve.rows import read_rows, split_rows, write_csv
from tools.curve.summary import summarize

START = 1795420800  # 2026-11-23T08:00:00Z


def _line(hours, split, updates, episodes, **values):
  return {
    'time': START + 3600 * hours,
    'split': split,
    'updates': updates,
    'episodes': episodes,
    'decisions': 100 * episodes,
    'env_steps': 400 * episodes,
    'test_episodes': 0,
    'tests': 0,
    **values,
  }


def _session(started, commit):
  return {
    'started': started,
    'commit': commit,
    'processor': 'Abacus',
    'cores': 2,
    'tensorflow': '2.21.0',
  }


@pytest.fixture
def logdir(tmp_path):
  """Two random and twelve planned episodes, three tests, a pause of 8 hours."""
  folder = tmp_path / 'run'
  folder.mkdir()
  lines = [
    _line(0.25, 'train', 0, 1, **{'return': 10.0}),
    _line(0.5, 'train', 0, 2, **{'return': 30.0}),
    _line(0.5, 'test', 0, 2, random_return=999.0),
    _line(0.75, 'train', 100, 2, loss=5.0),
  ]
  for number in range(12):
    hours = 1 + number / 4 + (8 if number >= 4 else 0)
    updates = 101 + 100 * number
    value = {'return': 100.0 + 10 * number}
    lines.append(_line(hours, 'train', updates, 3 + number, **value))
    if number % 4 == 3:
      value = {'return': [200.0, 400.0, 300.0][number // 4]}
      lines.append(_line(hours, 'test', updates + 99, 3 + number, **value))
  text = ''.join(json.dumps(line) + '\n' for line in lines)
  (folder / 'metrics.jsonl').write_text(text + '{"time": 17954')
  sessions = [
    _session('2026-11-23T08:00:00Z', 'aaa'),
    _session('2026-11-23T17:45:00Z', 'bbb'),
  ]
  (folder / 'versions.json').write_text(json.dumps(sessions))
  (folder / 'task.json').write_text(json.dumps({'tasks': {'dummy': {}}}))
  (folder / 'config.gin').write_text("train.task = 'dummy'\n")
  return folder


def test_rows_hold_the_returns_and_no_other_record(logdir):
  rows = read_rows(logdir)
  random, planned, tests = split_rows(rows)
  assert [row['return'] for row in random] == [10, 30]
  assert [row['return'] for row in planned] == [100 + 10 * i for i in range(12)]
  assert [row['return'] for row in tests] == [200, 400, 300]
  assert [row['updates'] for row in tests] == [500, 900, 1300]
  assert tests[0] == {
    'split': 'test',
    'updates': 500,
    'episodes': 6,
    'env_steps': 2400,
    'hours': 1.75,
    'return': 200.0,
  }


def test_hours_leave_out_the_pause(logdir):
  _, planned, _ = split_rows(read_rows(logdir))
  # The second session starts at 9.75 h, the last record before is at 1.75 h.
  expected = [1 + number / 4 for number in range(12)]
  assert [row['hours'] for row in planned] == pytest.approx(expected)


def test_csv_has_the_rows(logdir, tmp_path):
  rows = read_rows(logdir)
  write_csv(tmp_path / 'curve.csv', rows)
  with (tmp_path / 'curve.csv').open() as file:
    read = list(csv.DictReader(file))
  assert len(read) == len(rows) == 17
  assert list(read[0].values()) == ['train', '0', '1', '400', '0.25', '10.0']
  assert [float(row['return']) for row in read] == [r['return'] for r in rows]


def test_summary_states_the_means(logdir):
  assert summarize(logdir, 'dummy', read_rows(logdir)) == {
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


def test_running_median_looks_back():
  assert picture.running_median([3, 1, 2, 9, 9], 3) == [3, 2, 2, 2, 9]


@pytest.mark.parametrize('episodes', [1, 2, 3, 17])
def test_picture_of_any_stage_is_drawn(logdir, tmp_path, episodes):
  rows = read_rows(logdir)
  path = tmp_path / 'curve.png'
  picture.draw(path, rows[:episodes], summarize(logdir, 'dummy', rows))
  with Image.open(path) as image:
    assert image.size == (1080, 648)
    colors = image.convert('RGB').getcolors(maxcolors=1 << 20)
  assert len(colors) > 10


def test_a_run_without_episodes_is_refused(logdir):
  (logdir / 'metrics.jsonl').unlink()
  with pytest.raises(UsageError, match='holds no return yet'):
    read_rows(logdir)


def test_command_writes_all_files(logdir, tmp_path):
  output = tmp_path / 'results' / 'name'
  result = run_tool('curve', f'--logdir={logdir}', f'--output={output}')
  assert result.returncode == 0, result.stderr
  names = {path.name for path in output.iterdir()}
  assert names == {
    'config.gin',
    'curve.csv',
    'curve.png',
    'summary.json',
    'versions.json',
  }
  summary = json.loads((output / 'summary.json').read_text())
  assert summary == json.loads(result.stdout)


def test_command_refuses_a_folder_that_is_no_run(tmp_path):
  result = run_tool('curve', f'--logdir={tmp_path}', f'--output={tmp_path}/out')
  assert result.returncode == 2
  assert 'is not a run directory' in result.stderr.splitlines()[-1]
  assert 'Traceback' not in result.stderr
