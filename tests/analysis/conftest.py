"""Run directories with known numbers."""

import pytest

from tests.analysis.run_files import write_evaluated_run, write_run

START = 1795420800  # 2026-11-23T08:00:00Z


def _record(hours, split, updates, episodes, **values):
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
  """Two random and 12 planned episodes, 3 evaluations, a pause of 8 hours."""
  records = [
    _record(0.25, 'train', 0, 1, **{'return': 10.0}),
    _record(0.5, 'train', 0, 2, **{'return': 30.0}),
    _record(0.5, 'test', 0, 2, random_return=999.0),
    _record(0.75, 'train', 100, 2, loss=5.0),
  ]
  for number in range(12):
    hours = 1 + number / 4 + (8 if number >= 4 else 0)
    updates = 101 + 100 * number
    value = {'return': 100.0 + 10 * number}
    records.append(_record(hours, 'train', updates, 3 + number, **value))
    if number % 4 == 3:
      value = {'return': [200.0, 400.0, 300.0][number // 4]}
      records.append(_record(hours, 'test', updates + 99, 3 + number, **value))
  sessions = [
    _session('2026-11-23T08:00:00Z', 'aaa'),
    _session('2026-11-23T17:45:00Z', 'bbb'),
  ]
  path = tmp_path / 'run'
  write_run(path, ['dummy'], "train.task = 'dummy'\n", records, sessions)
  with (path / 'metrics.jsonl').open('a') as file:
    file.write('{"time": 17954')  # Truncated by a crash.
  return path


@pytest.fixture
def runs(tmp_path):
  """Two seeds of cheetah_run, one of which is ahead, and one of walker_walk."""
  folder = tmp_path / 'runs'
  for seed, last in enumerate(([100.0, 300.0], [500.0, 700.0])):
    evaluations = [(10, 100, [0.0, 50.0]), (20, 200, [600.0, 600.0])]
    evaluations.append((1000 - seed, 300, last))
    if seed == 0:
      evaluations.append((1010, 400, [0.0]))
    write_evaluated_run(folder, 'cheetah_run', seed, evaluations)
  write_evaluated_run(folder, 'walker_walk', 0, [(500, 50, [900.0])])
  return folder
