"""Tests of the commands: success, mistakes, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from planet_tf.analysis import read_metrics
from planet_tf.errors import TRY_AGAIN
from tests.commands import ROOT, run_program

DEBUG = ('--gin_file=tasks/dummy.gin', '--gin_file=scale/debug.gin')


def _command(module, *arguments):
  return [sys.executable, '-m', f'planet_tf.{module}', *arguments]


def _run(folder, module, *arguments):
  return run_program(f'planet_tf.{module}', *arguments, cwd=folder)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  folder = tmp_path_factory.mktemp('commands')
  result = _run(folder, 'train', *DEBUG, '--logdir=run')
  assert result.returncode == 0, result.stderr
  assert 'Done: 3 episodes, 21 updates.' in result.stdout
  assert 'episode 3 after 21 updates: return ' in result.stdout
  return folder


def test_evaluate_writes_scores_and_a_video(run):
  result = _run(
    run,
    'evaluate',
    '--logdir=run',
    '--episodes=3',
    '--output=scores.json',
    '--video=episode.gif',
  )
  assert result.returncode == 0, result.stderr
  scores = json.loads((run / 'scores.json').read_text())
  assert json.loads(result.stdout) == scores
  assert list(scores['tasks']) == ['dummy']
  scores = scores['tasks']['dummy']
  assert scores['episodes'] == len(scores['returns']) == 3
  assert scores['percentile_5'] <= scores['median'] <= scores['percentile_95']
  assert scores['mean'] == pytest.approx(sum(scores['returns']) / 3)
  with Image.open(run / 'episode.gif') as video:
    assert video.size == (768, 288)
    assert 1 < video.n_frames <= 41


def test_saved_model_has_the_same_scores_as_the_run(run):
  result = _run(run, 'export', '--logdir=run', '--output=exported')
  assert result.returncode == 0, result.stderr
  assert 'Wrote exported/1: ' in result.stdout
  scores = []
  for source in ('--logdir=run', '--saved_model=exported'):
    result = _run(run, 'evaluate', source, '--episodes=3')
    assert result.returncode == 0, result.stderr
    scores.append(json.loads(result.stdout)['tasks']['dummy'])
  assert scores[0]['seeds'] == scores[1]['seeds']
  assert scores[0]['returns'] == pytest.approx(scores[1]['returns'], rel=1e-4)
  planner = '--gin_param=make_planner.horizon=3'
  result = _run(run, 'evaluate', '--logdir=run', '--episodes=1', planner)
  assert json.loads(result.stdout)['planner']['horizon'] == 3
  result = _run(run, 'evaluate', '--saved_model=exported', planner)
  assert result.returncode == 2
  assert 'make_planner.horizon = 3 has no effect' in (result.stderr)


def test_scores_of_another_policy_omit_the_agent(run):
  result = _run(run, 'evaluate', '--logdir=run', '--policy=random')
  assert result.returncode == 0, result.stderr
  record = json.loads(result.stdout)
  assert record['policy'] == 'random'
  assert len(record['tasks']['dummy']['returns']) == 10
  assert not {'planner', 'precision'} & record.keys()


MISTAKES = [
  ('train', DEBUG, '--logdir is missing'),
  ('train', ('--logdir=x',), 'train.task is not set'),
  (
    'train',
    ('--logdir=x', '--gin_fil=a'),
    "Unknown command line flag 'gin_fil",
  ),
  ('train', ('--logdir=x', 'a.gin'), "'a.gin' is not a flag"),
  (
    'train',
    (*DEBUG, '--logdir=x', '--gin_param=train.task="cheeta_run"'),
    "'cheetah_run'",
  ),
  (
    'train',
    (*DEBUG, '--logdir=run', '--gin_param=train.seed=5'),
    'train.seed = 0 there and 5 now',
  ),
  (
    'train',
    (*DEBUG, '--logdir=x', '--gin_param=make_sampler.length=100'),
    'make_sampler needs 100 steps per episode',
  ),
  ('evaluate', ('--logdir=nowhere',), "'nowhere' is not a run directory"),
  (
    'evaluate',
    ('--logdir=run', '--checkpoint=run/checkpoints/ckpt-99'),
    "No checkpoint 'run/checkpoints/ckpt-99'",
  ),
  ('evaluate', ('--logdir=run', '--video=no/a.gif'), "Cannot write 'no/a.gif'"),
  ('evaluate', ('--logdir=run', '--video=a.avi'), 'must end in .gif or .mp4'),
  (
    'evaluate',
    ('--logdir=run', '--policy=simulator'),
    "'dummy' cannot be simulated",
  ),
  (
    'evaluate',
    ('--saved_model=run', '--checkpoint=x'),
    '--checkpoint is for --logdir',
  ),
  ('train', (*DEBUG, '--logdir=x', '--profile=9:3'), '--profile='),
  ('evaluate', (), 'Give either --logdir or --saved_model'),
  ('evaluate', ('--saved_model=nowhere',), "No SavedModel in 'nowhere'"),
  ('export', ('--logdir=run',), '--output is missing'),
  ('export', ('--logdir=run', '--output=run/config.gin/x'), 'Cannot write to'),
  (
    'export',
    ('--logdir=run', '--output=x', '--checkpoint=run/checkpoints/ckpt-99'),
    'No checkpoint',
  ),
  (
    'export',
    ('--logdir=run', '--output=x', '--gin_param=make_planer.horizon=3'),
    "'make_planner'",
  ),
  (
    'evaluate',
    ('--logdir=run', '--task=line'),
    '--task=line is none of the tasks of this agent: dummy',
  ),
  (
    'export',
    ('--logdir=run', '--output=x', '--format=stablehlo', '--weights=int8'),
    '--weights=int8 is not for --format=stablehlo',
  ),
  ('evaluate', ('--logdir=run', '--episodes=0'), 'episodes'),
]


@pytest.mark.parametrize('module, arguments, message', MISTAKES)
def test_mistakes_are_explained_in_one_line(
  run, tmp_path, module, arguments, message
):
  folder = run if any('=run' in x for x in arguments) else tmp_path
  result = _run(folder, module, *arguments)
  assert result.returncode == 2
  errors = [x for x in result.stderr.splitlines() if x.startswith('Error:')]
  assert len(errors) == 1
  assert message in errors[0]
  assert result.stderr.rstrip().endswith(errors[0])
  assert 'Traceback' not in result.stderr


def test_help_shows_the_flags_and_an_example(tmp_path):
  result = _run(tmp_path, 'train', '--help')
  assert result.returncode == 0
  for text in ('--gin_file', '--gin_param', '--logdir', 'scale/cpu.gin'):
    assert text in result.stdout


@pytest.mark.parametrize('module', ['train', 'evaluate', 'export'])
def test_help_does_not_import_tensorflow(tmp_path, module):
  code = (
    f"import runpy, sys; sys.argv = ['x', '--help']\n"
    f"try: runpy.run_module('planet_tf.{module}', run_name='__main__')\n"
    f"finally: assert not {{'tensorflow', 'keras'}} & set(sys.modules)"
  )
  result = subprocess.run(
    [sys.executable, '-c', code],
    cwd=tmp_path,
    env={**os.environ, 'PYTHONPATH': str(ROOT)},
    capture_output=True,
    text=True,
  )
  assert result.returncode == 0, result.stderr
  assert '--logdir' in result.stdout


def test_ctrl_c_checkpoints_and_the_same_command_resumes(tmp_path):
  arguments = (*DEBUG, '--logdir=run', '--gin_param=train.total_episodes=50')
  process = subprocess.Popen(
    _command('train', *arguments),
    cwd=tmp_path,
    env={**os.environ, 'PYTHONPATH': str(ROOT)},
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    text=True,
  )
  metrics = tmp_path / 'run' / 'metrics.jsonl'
  deadline = time.monotonic() + 200
  while time.monotonic() < deadline and process.poll() is None:
    if metrics.exists() and '"updates": 15' in metrics.read_text():
      break
    time.sleep(0.1)
  process.send_signal(signal.SIGINT)
  output, _ = process.communicate(timeout=100)
  assert process.returncode == 130
  assert 'run the same command to resume' in output
  updates = int(output.split('Stopped after ')[1].split()[0])
  assert updates >= 15
  result = _run(
    tmp_path,
    'train',
    *DEBUG,
    '--logdir=run',
    '--gin_param=train.total_episodes=4',
  )
  assert result.returncode == 0, result.stderr
  lines = [x for x in read_metrics(tmp_path / 'run', 'train') if 'loss' in x]
  updates = [x['updates'] for x in lines]
  assert updates == list(range(5, updates[-1] + 1, 5))


def test_damaged_episode_is_named_and_the_run_can_resume(run):
  bad = run / 'run' / 'train_episodes' / '20990101T000000-bad.npz'
  bad.write_bytes(b'not an episode')
  more = '--gin_param=train.total_episodes=4'
  result = _run(run, 'train', *DEBUG, '--logdir=run', more)
  assert result.returncode == 2
  (error,) = [x for x in result.stderr.splitlines() if x.startswith('Error:')]
  assert bad.name in error
  assert bad.exists()
  bad.unlink()
  result = _run(run, 'train', *DEBUG, '--logdir=run', more)
  assert result.returncode == 0, result.stderr
  assert 'Done: 4 episodes' in result.stdout


def test_broken_environment_shows_its_traceback(tmp_path):
  (tmp_path / 'broken.py').write_text(
    'def make(seed=None):\n  raise RuntimeError("no such robot")\n'
  )
  result = _run(
    tmp_path,
    'train',
    *DEBUG,
    '--logdir=x',
    '--gin_param=train.task="broken:make"',
  )
  assert result.returncode == 2
  assert 'no such robot' in result.stderr
  assert 'broken.py' in result.stderr


def test_write_errors_end_in_one_line(tmp_path):
  # Python ignores the signal, so that writes fail as on a full disk.
  result = subprocess.run(
    ['sh', '-c', 'ulimit -f 1; exec "$@"', 'sh']
    + _command('train', *DEBUG, '--logdir=run'),
    cwd=tmp_path,
    env={**os.environ, 'PYTHONPATH': str(ROOT)},
    capture_output=True,
    text=True,
  )
  assert result.returncode == 2, result.stderr
  (error,) = [x for x in result.stderr.splitlines() if x.startswith('Error:')]
  assert 'File too large' in error
  assert 'Traceback' not in result.stderr


@pytest.mark.parametrize('code', [2, TRY_AGAIN])
def test_user_errors_give_their_exit_code(tmp_path, code):
  program = tmp_path / 'program.py'
  program.write_text(f"""
from planet_tf import cli
from planet_tf.errors import UserError
class Failure(UserError):
  exit_code = {code}
def main():
  raise Failure('x=1 is wrong; set it to 2.')
cli.run(main)
""")
  result = run_program(program, cwd=tmp_path)
  assert result.returncode == code
  assert result.stderr == 'Error: x=1 is wrong; set it to 2.\n'


@pytest.mark.parametrize('error', ['ValueError', 'OSError'])
def test_other_exceptions_keep_their_traceback(tmp_path, error):
  program = tmp_path / 'program.py'
  program.write_text(f"""
from planet_tf import cli
def main():
  raise {error}('a bug')
cli.run(main)
""")
  result = run_program(program, cwd=tmp_path)
  assert result.returncode not in (0, 2)
  assert 'Traceback' in result.stderr
  assert f'{error}: a bug' in result.stderr
