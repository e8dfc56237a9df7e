"""Tests of sweeps, on this machine and on Ray."""

import fcntl
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from planet_tf.analysis import read_metrics
from planet_tf.cli import UsageError
from planet_tf.errors import TRY_AGAIN
from tests.analysis.run_files import write_records
from tests.commands import ROOT, run_program, run_tool
from tools.sweep import local
from tools.sweep.local import LocalBackend
from tools.sweep.monitor import Monitor
from tools.sweep.retries import Retries
from tools.sweep.running import run_sweep
from tools.sweep.trials import (
  Progress,
  Trial,
  make_trials,
  read_plan,
  read_progress,
  table,
  write_plan,
)

TOY = """
from planet_tf.envs.dummy import Dummy


def make(seed=None):
  return Dummy(seed)
"""


# Few updates and no evaluation.
SHORT = ('total_episodes = 2', 'updates_per_evaluation = 1000')


def test_trials_are_tasks_by_seeds_by_experiments(tmp_path):
  trials = make_trials(
    tmp_path,
    ['cheetah_run', 'a:b'],
    [0, 3],
    {'': (9, 'a = 1'), 'experiments/figure4_ssm.gin': (12, 'a = 2')},
    ['scale/cpu.gin'],
    ['train.total_episodes = 9'],
  )
  assert [trial.total for trial in trials] == [9] * 4 + [12] * 4
  assert [trial.name for trial in trials] == [
    'cheetah_run-seed0',
    'cheetah_run-seed3',
    'a-b-seed0',
    'a-b-seed3',
    'figure4_ssm/cheetah_run-seed0',
    'figure4_ssm/cheetah_run-seed3',
    'figure4_ssm/a-b-seed0',
    'figure4_ssm/a-b-seed3',
  ]
  command = trials[5].command
  assert command[3:] == (
    '--gin_file=scale/cpu.gin',
    '--gin_file=experiments/figure4_ssm.gin',
    '--gin_param=train.total_episodes = 9',
    "--gin_param=train.task = 'cheetah_run'",
    '--gin_param=train.seed = 3',
    f'--logdir={tmp_path / "figure4_ssm" / "cheetah_run-seed3"}',
  )


def test_progress_is_read_from_run_directories(tmp_path):
  (trial,) = make_trials(tmp_path, ['dummy'], [0], {'': (3, 'a = 1')}, [], [])
  assert read_progress(trial) == Progress()
  assert not trial.finished
  trial.logdir.mkdir()
  trial.finish()
  assert trial.finished
  assert not trial._replace(total=4).finished
  assert not trial._replace(command=('python',)).finished
  # A gin file has changed and with it the settings.
  assert not trial._replace(settings='others').finished
  records = [
    {'split': 'test', 'updates': 10, 'episodes': 2, 'return': 5.0},
    {'split': 'train', 'updates': 21, 'episodes': 3, 'return': 9.0},
    {'split': 'test', 'updates': 20, 'episodes': 3, 'random_return': 7.0},
  ]
  write_records(trial.logdir, [{'time': 0.0, **x} for x in records])
  progress = read_progress(trial)
  assert progress == Progress(episodes=3, updates=21, last_return=5.0)
  text = table([(trial, progress, 'done')])
  assert 'dummy-seed0  done' in text and '3/3' in text


def test_a_plan_keeps_started_trials_of_earlier_commands(tmp_path):
  def make(task):
    return make_trials(tmp_path, [task], [0], {'': (3, '')}, [], [])

  for task in ('dummy', 'walker_walk', 'cheetah_run'):
    write_plan(tmp_path, make(task))
    if task == 'dummy':
      make(task)[0].logdir.mkdir()
  assert read_plan(tmp_path) == [*make('dummy'), *make('cheetah_run')]


def test_a_trial_that_starts_is_added_to_the_plan_again(tmp_path, capsys):
  first, second = (
    make_trials(tmp_path, [task], [0], {'': (3, '')}, [], [])
    for task in ('dummy', 'cheetah_run')
  )
  write_plan(tmp_path, first)
  monitor = Monitor(tmp_path, first)
  write_plan(tmp_path, second)
  monitor.set_state(first[0], 'running')
  assert read_plan(tmp_path) == [*second, *first]
  assert capsys.readouterr().out == 'dummy-seed0: running\n'


def test_states_are_derived_from_run_directories(tmp_path, capsys):
  trials = make_trials(tmp_path, ['dummy'], [0, 1, 2], {'': (3, '')}, [], [])
  for trial in trials[:2]:
    trial.logdir.mkdir()
  trials[1].log.write_text('compiling\nError: The loss is nan.\n')
  with (trials[0].logdir / '.lock').open('w') as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    monitor = Monitor(tmp_path, trials)
  assert monitor.failed == [trials[1]]
  monitor.show()
  lines = capsys.readouterr().out.splitlines()[1:]
  assert [x.split()[1] for x in lines] == ['running', 'failed', 'waiting']
  trials[1].log.write_text('Error: The loss is nan.\nStopped.\n')
  assert trials[1].error == ''


def test_progress_resets_the_count_of_failures(tmp_path):
  (trial,) = make_trials(tmp_path, ['dummy'], [0], {'': (3, '')}, [], [])
  trial.logdir.mkdir()

  def reach(updates):
    record = {'time': 0.0, 'split': 'train', 'episodes': 1}
    write_records(trial.logdir, [{**record, 'updates': updates}])

  retries = Retries(1)
  states = []
  for updates in (10, 20, 30, 30):
    reach(updates)
    states.append(retries.state_after_failure(trial))
  assert states == ['retried', 'retried', 'retried', 'failed']
  assert Retries(0).state_after_failure(trial) == 'failed'


@pytest.fixture
def backend_seconds(monkeypatch):
  """Makes backends check their trials often."""
  monkeypatch.setattr(local, 'POLL_SECONDS', 0.02)


def _shell_trial(folder, name, script):
  """Returns a trial that runs a shell script instead of training."""
  return Trial(name, folder / name, ('sh', '-c', script), 1, '')


@pytest.mark.parametrize(
  'gpus, expected',
  [(1, ['0', '1', '2']), (2, ['0,1'] * 3)],
)
def test_each_trial_has_separate_gpus(
  tmp_path, monkeypatch, backend_seconds, gpus, expected
):
  monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '0,1,2')
  script = 'echo $CUDA_VISIBLE_DEVICES; sleep 0.2'
  trials = [_shell_trial(tmp_path, name, script) for name in ('a', 'b', 'c')]
  states = []
  backend = LocalBackend(None, 0, gpus)
  backend.run(trials, lambda _, state: states.append(state), lambda: None)
  assert [trial.log.read_text().strip() for trial in trials] == expected
  assert states.count('done') == 3
  with pytest.raises(UsageError, match='--gpus=4 is more than'):
    LocalBackend(None, 0, 4)


@pytest.fixture
def signal_handlers():
  """Restores the handlers that `run_sweep` replaces."""
  numbers = (signal.SIGINT, signal.SIGTERM)
  handlers = [signal.getsignal(number) for number in numbers]
  yield
  for number, handler in zip(numbers, handlers, strict=True):
    signal.signal(number, handler)


def test_a_trial_that_fails_is_retried_and_named(
  tmp_path, capsys, backend_seconds, signal_handlers
):
  script = 'echo Error: no toys today; exit 2'
  trials = [
    _shell_trial(tmp_path, 'bad', script),
    _shell_trial(tmp_path, 'good', 'true'),
  ]
  for trial in trials:
    trial.logdir.mkdir()
  assert run_sweep(tmp_path, trials, LocalBackend(1, 1, 1)) == 1
  output, errors = capsys.readouterr()
  assert f'bad has failed; see {trials[0].log}' in errors
  for state in ('retried', 'failed'):
    assert f'bad: {state} (Error: no toys today)' in output
  assert 'good: done' in output
  assert trials[0].log.read_text().count('Error: ') == 2
  assert [trial.finished for trial in trials] == [False, True]


def test_errors_of_training_are_the_last_line_of_its_log(tmp_path):
  (tmp_path / 'toys.py').write_text('raise RuntimeError("no toys today")\n')
  result = run_program(
    'planet_tf.train',
    '--gin_file=scale/debug.gin',
    "--gin_param=train.task='toys:make'",
    f'--logdir={tmp_path / "run"}',
    cwd=tmp_path,
  )
  assert result.returncode == 2
  trial = _shell_trial(tmp_path, 'run', 'true')
  trial.log.write_text(result.stdout + result.stderr)
  assert 'no toys today' in trial.error
  assert any(x.startswith('Error: ') for x in result.stderr.splitlines())


def test_a_run_directory_in_use_is_waited_for(tmp_path, backend_seconds):
  script = f'test ! -e {tmp_path}/lock || exit {TRY_AGAIN}'
  trial = _shell_trial(tmp_path, 'a', script)
  (tmp_path / 'lock').write_text('')
  states = []

  def on_state(_, state, reason=''):
    states.append(state)
    if states.count('waiting') == 2:
      (tmp_path / 'lock').unlink(missing_ok=True)

  # It is not a failure, of which none is allowed here.
  LocalBackend(1, 0, 1).run([trial], on_state, lambda: None)
  assert states == ['running', 'waiting'] * 2 + ['running', 'done']


def _arguments(folder, *more, seeds='0,1'):
  (folder / 'toys.py').write_text(TOY)
  return (
    '--gin_file=scale/debug.gin',
    *(f'--gin_param=train.{x}' for x in SHORT),
    '--tasks=dummy,toys:make',
    f'--seeds={seeds}',
    f'--logdir={folder / "runs"}',
    *more,
  )


def _check_all_done(folder, names):
  runs = sorted(x for x in (folder / 'runs').iterdir() if x.is_dir())
  assert [x.name for x in runs] == names
  for run in runs:
    lines = read_metrics(run, 'train')
    episodes = [x['episodes'] for x in lines if 'return' in x]
    assert episodes == list(range(1, episodes[-1] + 1))
    assert len(list((run / 'train_episodes').glob('*.npz'))) == episodes[-1]
    settings = (run / 'config.gin').read_text()
    assert f'train.seed = {run.name[-1]}' in settings


def test_local_trials_run_and_are_not_run_again(tmp_path):
  arguments = _arguments(tmp_path, '--jobs=2', seeds='1')
  result = run_tool('sweep', *arguments, cwd=tmp_path)
  assert result.returncode == 0, result.stderr
  _check_all_done(tmp_path, ['dummy-seed1', 'toys-make-seed1'])
  assert result.stdout.count(': done') == 2
  assert result.stdout.split('\ntrial ')[-1].count('2/2') == 2
  result = run_tool('sweep', *arguments, cwd=tmp_path)
  assert result.returncode == 0
  assert ': running' not in result.stdout
  result = run_tool('sweep', f'--logdir={tmp_path / "runs"}', '--status')
  assert result.stdout.count(' done ') == 2


@pytest.mark.parametrize(
  'arguments, message',
  [
    (('--tasks=dummy', '--seeds=a'), '--seeds=a must be numbers'),
    (('--tasks=cheeta_run',), "'cheetah_run'"),
    (('--tasks=dummy', '--logdir='), '--logdir is missing'),
    ((), '--tasks is missing'),
    (('--tasks=dummy', '--gin_param=train.sed=1'), "'seed'"),
    (('--status',), 'No sweep in'),
    (('--tasks=dummy', '--experiments=figure4.gin'), "No gin file 'figure4"),
    (('--tasks=dummy', '--seeds=0,0'), '2 trials are called dummy-seed0'),
    (('--tasks=dummy', '--cpus=2'), '--cpus has no effect'),
    (('--tasks=dummy', '--gpus=2'), "'one' does not fit --gpus=2"),
    (
      ('--tasks=dummy', '--gin_param=train.strategy = "mirrored"'),
      "'mirrored' does not fit --gpus=1",
    ),
    (('--tasks=dummy', '--seeds='), '--seeds= must be numbers'),
    (('--tasks=dummy', '--gin_param=train.seed = 3'), 'use --seeds'),
    (
      ('--tasks=dummy', '--gin_param=make_planner.elites=2000'),
      'make_planner',
    ),
    (
      ('--tasks=dummy', '--experiments=experiments/figure6_one_agent.gin'),
      'one agent for several tasks',
    ),
  ],
)
def test_mistakes_end_in_one_line(tmp_path, arguments, message):
  result = run_tool('sweep', f'--logdir={tmp_path / "runs"}', *arguments)
  assert result.returncode == 2
  assert message in result.stderr
  assert 'Traceback' not in result.stderr


@pytest.mark.slow
def test_neither_ctrl_c_nor_a_lost_ray_worker_loses_an_episode(tmp_path):
  ray = pytest.importorskip('ray')
  from ray.cluster_utils import Cluster

  cluster = Cluster(initialize_head=True, head_node_args={'num_cpus': 0})
  try:
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    address = f'--address={cluster.address}'
    # More than can finish.
    process = _start_sweep(tmp_path, address, total=1000)
    runs = _wait_for(tmp_path / 'runs', count=2, updates=15)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 130, errors
    assert 'Stopping after checkpoints' in errors
    for run in runs:
      assert 'Stopped after' in run.with_name(f'{run.name}.log').read_text()
    table = output.split('\ntrial ')[-1]
    assert table.count(' begun ') == table.count(' waiting ') == 2
    # The sweep continues to its end, and a worker is killed meanwhile.
    last = [read_metrics(run)[-1] for run in runs]
    total = max(x['episodes'] for x in last) + 8
    process = _start_sweep(tmp_path, address, total)
    further = max(x['updates'] for x in last) + 15
    (run,) = _wait_for(tmp_path / 'runs', count=1, updates=further)
    assert _kill_worker_of(run)
    output, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors
  finally:
    ray.shutdown()
    cluster.shutdown()
  tasks = ('dummy', 'toys-make')
  names = [f'{task}-seed{seed}' for task in tasks for seed in (0, 1)]
  _check_all_done(tmp_path, names)
  assert f'{run.name}: retried (' in output
  sessions = json.loads((run / 'versions.json').read_text())
  assert len(sessions) >= 2  # It was resumed.
  assert len(nodes) == 2


def _start_sweep(folder, address, total):
  arguments = _arguments(
    folder,
    '--backend=ray',
    address,
    f'--gin_param=train.total_episodes = {total}',
  )
  return subprocess.Popen(
    [sys.executable, '-m', 'tools.sweep', *arguments],
    cwd=folder,
    env={**os.environ, 'PYTHONPATH': f'{ROOT}:{folder}'},
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
  )


def _wait_for(folder, count, updates):
  """Returns the first runs that have reached a number of updates."""
  deadline = time.monotonic() + 300
  while time.monotonic() < deadline:
    found = [
      path.parent
      for path in folder.glob('*/metrics.jsonl')
      if any(x['updates'] >= updates for x in read_metrics(path.parent))
    ]
    if len(found) >= count:
      return found[:count]
    time.sleep(0.5)
  raise TimeoutError(folder)


def _kill_worker_of(run):
  """Kills the Ray worker whose child trains in a run directory."""
  for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
    try:
      if f'--logdir={run}' not in path.read_text():
        continue
      status = (path.parent / 'status').read_text()
    except OSError:
      continue
    if 'tools.sweep' in path.read_text():
      continue
    parent = int(status.split('PPid:')[1].split()[0])
    os.kill(parent, signal.SIGKILL)
    return True
  return False
