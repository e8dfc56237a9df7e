"""Runs trials on a cluster through Ray.

All machines must have the interpreter, the project and the run directories
under the same paths. A trial whose worker or machine is lost is started again
elsewhere and goes on from its last checkpoint.
"""

import os
import pathlib
import sys
import time
from collections.abc import Callable, Sequence

from planet_tf.cli import UsageError
from tools.sweep.retries import Retries
from tools.sweep.trials import Trial

# Seconds for trials to write a checkpoint: an update at the paper's sizes
# takes seconds, and compiling the first one longer.
_PATIENCE = 300.0


class RayBackend:
  """Runs trials as tasks of Ray, with CPUs, and GPUs where there are any.

  Args:
    address: Address of the cluster; `local` starts one on this machine.
    retries: How often a trial that fails, or whose worker is lost, is started
      again.
    cpus: CPUs of a trial.
    gpus: GPUs of a trial.

  Raises:
    UsageError: Ray is not installed, there is no cluster at the address, or
      none of its machines has so much.
  """

  def __init__(self, address: str, retries: int, cpus: int, gpus: int) -> None:
    # Otherwise 20 times 42 s until an address without a cluster is an error.
    os.environ.setdefault('RAY_NUM_REDIS_GET_RETRIES', '1')
    try:
      import ray
    except ImportError as error:
      raise UsageError(
        "--backend=ray needs Ray; install it with pip install -e '.[ray]'."
      ) from error
    self._ray = ray
    try:
      ray.init(
        address,
        log_to_driver=False,
        logging_level='ERROR',
      )
    except (ConnectionError, RuntimeError, ValueError) as error:
      raise UsageError(
        f'No Ray cluster at --address={address} ({error}); start one with ray '
        'start --head, or give --address=local. If there is one, its '
        'authentication token may be missing here (RAY_AUTH_TOKEN_PATH).'
      ) from error
    for flag, wanted, kind in (('cpus', cpus, 'CPU'), ('gpus', gpus, 'GPU')):
      most = max(node['Resources'].get(kind, 0) for node in ray.nodes())
      if wanted > max(1, most):
        raise UsageError(
          f'--{flag}={wanted} is more than any machine of the cluster has '
          f'({most:g}).'
        )
    gpus = gpus if ray.cluster_resources().get('GPU') else 0
    self._retries = Retries(retries)
    # Ray's own retries know nothing of how far a trial has come.
    self._run = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(
      _runner([os.path.abspath(name) for name in sys.path])
    )

  def run(
    self,
    trials: Sequence[Trial],
    on_state: Callable[..., None],
    on_tick: Callable[[], None],
  ) -> None:
    """Runs trials to their end; see `LocalBackend.run`."""
    ray = self._ray
    pending, queued = {}, {}

    def submit(trial: Trial) -> None:
      path = os.environ.get('PYTHONPATH', '')
      queued[trial] = time.time()
      task = self._run.remote(trial.command, str(trial.log), path, os.getcwd())
      pending[task] = trial
      on_state(trial, 'queued')

    try:
      for trial in trials:
        submit(trial)
      while pending:
        ready, _ = ray.wait(list(pending), timeout=1.0)
        for task in ready:
          trial = pending.pop(task)
          queued.pop(trial, None)
          reason = self._failure(task, trial)
          if not reason:
            on_state(trial, 'done')
            continue
          state = self._retries.state_after_failure(trial)
          on_state(trial, state, reason)
          if state == 'retried':
            submit(trial)
        for trial in [x for x in queued if _has_begun(x, queued[x])]:
          del queued[trial]
          on_state(trial, 'running')
        on_tick()
    finally:
      # What still runs is asked to stop after a checkpoint.
      if pending:
        print('Stopping after checkpoints ...', file=sys.stderr, flush=True)
      for task in pending:
        ray.cancel(task, force=False)
      ray.wait(list(pending), num_returns=len(pending), timeout=_PATIENCE)
      ray.shutdown()

  def _failure(self, task: object, trial: Trial) -> str:
    """Why a task that has ended has failed; '' if it has not."""
    try:
      code = self._ray.get(task)
    except self._ray.exceptions.RayError as error:
      return str(error).strip().splitlines()[-1]
    return '' if code == 0 else trial.error or f'exit code {code}'


def _has_begun(trial: Trial, begin: float) -> bool:
  """Whether a worker has opened the log of a trial since then."""
  return trial.log.exists() and trial.log.stat().st_mtime > begin


def _runner(paths: Sequence[str]) -> Callable[..., int]:
  """What runs a trial in a worker, which may know nothing of this project.

  Args:
    paths: Where modules are found here, and by the same names there.
  """

  # Inside, so that it travels as code and not as the name of a module.
  def run_trial(
    command: Sequence[str], log: str, path: str, folder: str
  ) -> int:
    sys.path[:0] = paths
    from tools.sweep import process

    environment = {'PYTHONPATH': path} if path else {}
    return process.run(command, pathlib.Path(log), environment, folder)

  return run_trial
