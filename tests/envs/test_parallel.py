"""Worker processes: results, errors and cleanup."""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import worker_tasks

from planet_tf.envs import (
  InvalidTaskOption,
  IsolatedEnvironment,
  ParallelEnvs,
  UnknownTask,
  WorkerDied,
  WorkerError,
  WorkerTimeout,
  build_env,
)

ZERO = np.zeros(2, np.float32)


def alive(pid):
  """Whether a process runs (and is no zombie)."""
  try:
    status = pathlib.Path(f'/proc/{pid}/stat').read_text()
  except FileNotFoundError:
    return False
  return status.rsplit(')', 1)[1].split()[0] != 'Z'


def wait_for_end(pids, seconds=20):
  deadline = time.monotonic() + seconds
  while any(map(alive, pids)) and time.monotonic() < deadline:
    time.sleep(0.05)
  return not any(map(alive, pids))


@pytest.fixture(scope='module')
def envs():
  """Three environments with episodes of four decisions."""
  with ParallelEnvs('dummy', 3, action_repeat=2, duration=4) as envs:
    yield envs


def test_parallel_episodes_equal_single_ones(envs):
  actions = np.random.default_rng(0).uniform(-1, 1, (4, 3, 2))
  together = [envs.reset([1, 2, 3]), *map(envs.step, actions)]
  for index in range(3):
    env = build_env('dummy', action_repeat=2)
    env.seed(index + 1)
    alone = [env.reset(), *(env.step(a[index]) for a in actions)]
    for a, b in zip(alone, together, strict=True):
      assert a.reward == b[index].reward
      for name, value in a.observation.items():
        np.testing.assert_array_equal(value, b[index].observation[name])


def test_environments_can_be_idle(envs):
  assert len(envs.reset([1, 2])) == 2
  first, second = envs.step([ZERO, None])
  assert first.mid() and second is None
  for _ in range(3):
    first, second = envs.step([ZERO, ZERO])
  assert first.last() and second.mid()
  with pytest.raises(ValueError, match='Environment 0 has no running'):
    envs.step([ZERO, ZERO])
  with pytest.raises(ValueError, match='Environment 2 has no running'):
    envs.step([None, None, ZERO])
  assert envs.step([None, ZERO])[1].last()
  assert envs.step([None, None]) == [None, None]
  assert len(envs.reset([1, 2, 3])) == 3
  with pytest.raises(ValueError, match='1 to 3 seeds, got 4'):
    envs.reset([1, 2, 3, 4])


def test_exception_includes_traceback():
  with ParallelEnvs('test_failing', 2) as envs:
    envs.reset([2, 3])
    envs.step([ZERO, ZERO])
    with pytest.raises(WorkerError) as error:
      envs.step([ZERO, ZERO])
    message = str(error.value)
    assert "Environment 1 of task 'test_failing' raised" in message
    assert 'ZeroDivisionError: the pole fell off' in message
    assert "raise ZeroDivisionError('the pole fell off')" in message
    assert 'worker_tasks.py' in message
    # The environments can be used again after a reset.
    with pytest.raises(ValueError, match='no running episode'):
      envs.step([ZERO, ZERO])
    envs.reset([2, 4])
    for count in (1, 2, 3):
      steps = envs.step([ZERO, ZERO])
      assert [s.observation['count'] for s in steps] == [count, count]


def test_errors_of_package_keep_their_class():
  with pytest.raises(InvalidTaskOption, match='action_repeat') as error:
    ParallelEnvs('dummy', action_repeat=0)
  assert isinstance(error.value.__cause__, WorkerError)
  assert 'Traceback of the worker' in str(error.value.__cause__)
  with pytest.raises(UnknownTask, match="'dumy'; did you mean 'dummy'"):
    ParallelEnvs('dumy')
  with pytest.raises(UnknownTask, match="did you mean 'dummy'"):
    ParallelEnvs('dumy', modules=['worker_tasks'])
  with pytest.raises(TypeError, match="'image_size'"):
    ParallelEnvs('dummy', image_size=64)
  with pytest.raises(ValueError, match='count'):
    ParallelEnvs('dummy', 0)


def test_exit_of_worker_raises():
  with ParallelEnvs('test_dying') as envs:
    envs.reset([0])
    with pytest.raises(WorkerDied) as error:
      envs.step([ZERO])
    assert 'ended with exit code 3' in str(error.value)
    assert 'goodbye cruel world' in str(error.value)


def test_killed_worker_raises_and_ends_others():
  envs = ParallelEnvs('dummy', 2)
  envs.reset([0, 1])
  pids = envs.pids
  os.kill(pids[1], signal.SIGKILL)
  with pytest.raises(WorkerDied, match='Environment 1 .* SIGKILL'):
    envs.step([ZERO, ZERO])
  assert not any(map(alive, pids))
  with pytest.raises(RuntimeError, match='are closed'):
    envs.reset([0, 1])


def test_timeout_includes_traceback():
  envs = ParallelEnvs('test_hanging', timeout=10)
  envs.reset([0])
  envs._timeout = 0.5
  start = time.monotonic()
  with pytest.raises(WorkerTimeout) as error:
    envs.step([ZERO])
  assert time.monotonic() - start < 8
  assert 'going to sleep' in str(error.value)
  assert 'in step' in str(error.value)
  assert 'worker_tasks.py' in str(error.value)
  assert not any(map(alive, envs.pids))


def test_output_of_worker_goes_to_stderr(capfd):
  with ParallelEnvs('test_noisy') as envs:
    envs.reset([0])
    for count in (1, 2, 3):
      [step] = envs.step([ZERO])
      assert step.observation['count'] == count
  assert "[Environment 0 of task 'test_noisy'] noise" in capfd.readouterr().err


def test_interrupted_call_leaves_no_stale_reply(envs, monkeypatch):
  [initial] = envs.reset([0])
  worker = envs._workers[0]
  receive = worker.receive

  def interrupt(deadline):
    raise KeyboardInterrupt

  monkeypatch.setattr(worker, 'receive', interrupt)
  with pytest.raises(KeyboardInterrupt):
    envs.step([np.ones(2)])
  monkeypatch.setattr(worker, 'receive', receive)
  [step] = envs.reset([0])
  assert step.first()
  np.testing.assert_array_equal(
    step.observation['image'], initial.observation['image']
  )


def test_interrupts_do_not_reach_workers(envs):
  envs.reset([0])
  os.kill(envs.pids[0], signal.SIGINT)
  assert envs.step([ZERO])[0].mid()
  assert os.getpgid(envs.pids[0]) != os.getpgid(0)


def test_workers_do_not_load_tensorflow():
  # A worker that renders; its parent may have loaded TensorFlow.
  with ParallelEnvs('worker_tasks:with_tensorflow_check', 1) as envs:
    assert envs.reset([0])[0].observation['tensorflow'] == [0]
    maps = pathlib.Path(f'/proc/{envs.pids[0]}/maps').read_text()
    assert 'mujoco' in maps
    assert 'tensorflow' not in maps
  with ParallelEnvs('test_modules') as envs:
    assert envs.reset([0])[0].observation['count'] == [0]


def test_task_from_module(tmp_path, monkeypatch):
  (tmp_path / 'my_own_tasks.py').write_text(
    textwrap.dedent("""
      from planet_tf.envs import register_task
      from planet_tf.envs.dummy import Dummy

      @register_task('my_own', action_repeat=5, renders=False)
      def my_own(seed=None):
        return Dummy(seed)
    """)
  )
  monkeypatch.syspath_prepend(tmp_path)
  # Only the workers import the module that registers the task.
  with ParallelEnvs('my_own', modules=['my_own_tasks']) as envs:
    assert envs.action_repeat == 5
  with ParallelEnvs('my_own_tasks:my_own') as envs:
    assert envs.action_repeat == 5
  assert 'my_own_tasks' not in sys.modules


def test_task_from_function_body():
  from planet_tf.envs import register_task

  minimum = -3.0

  @register_task('test_closure', renders=False)
  def closure(seed=None):
    return worker_tasks.Fake(seed, minimum)

  with ParallelEnvs('test_closure') as envs:
    assert envs.reset([9])[0].observation['image'][0, 0, 0] == 9


SCRIPT = """
import sys
import numpy as np
sys.modules['tensorflow'] = None  # Importing it again would raise.
from planet_tf.envs import ParallelEnvs, register_task
from planet_tf.envs.dummy import Dummy

class Mine(Dummy):
  pass

@register_task('mine', action_repeat=2, renders=False)
def mine(seed=None):
  return Mine(seed)

envs = ParallelEnvs('mine')
envs.reset([0])
print(envs.action_repeat, *envs.pids, flush=True)
if len(sys.argv) > 1:
  sys.stdin.read()
"""


def test_task_from_script_and_cleanup_at_exit(tmp_path):
  script = tmp_path / 'script.py'
  script.write_text(SCRIPT)
  result = subprocess.run(
    [sys.executable, str(script)],
    check=True,
    capture_output=True,
    text=True,
    env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)},
  )
  repeat, *pids = map(int, result.stdout.split())
  assert repeat == 2
  assert len(pids) == 1 and not any(map(alive, pids))
  assert result.stderr == ''


def test_workers_end_when_parent_is_killed(tmp_path):
  script = tmp_path / 'script.py'
  script.write_text(SCRIPT)
  process = subprocess.Popen(
    [sys.executable, str(script), 'wait'],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
    env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)},
  )
  with process:
    pids = [int(word) for word in process.stdout.readline().split()[1:]]
    assert len(pids) == 1 and all(map(alive, pids))
    process.kill()
  assert wait_for_end(pids)


def test_workers_end_when_object_is_deleted():
  envs = ParallelEnvs('dummy')
  pids = envs.pids
  del envs
  assert wait_for_end(pids)


def test_isolated_environment():
  env = IsolatedEnvironment('dummy', duration=2, seed=4)
  reference = build_env('dummy', duration=2, seed=4)
  assert env.action_spec() == reference.action_spec()
  assert env.observation_spec() == reference.observation_spec()
  assert (env.action_repeat, env.duration) == (1, 2)
  for _ in range(7):  # Two episodes; the step after the last one resets.
    a, b = env.step(ZERO), reference.step(ZERO)
    assert (a.step_type, a.reward) == (b.step_type, b.reward)
    np.testing.assert_array_equal(
      a.observation['image'], b.observation['image']
    )
  env.seed(4)
  reference.seed(4)
  np.testing.assert_array_equal(
    env.reset().observation['position'],
    reference.reset().observation['position'],
  )
  env.close()
