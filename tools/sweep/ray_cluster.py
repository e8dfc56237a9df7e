"""Runs trials on a cluster through Ray.

All machines must have the interpreter, the project and the run directories
at the same paths. A trial whose worker or machine is lost is restarted and
continues from its last checkpoint.
"""

import os
import pathlib
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from planet_tf.cli import UsageError
from tools.sweep.retries import Retries
from tools.sweep.trials import Trial

# Seconds for trials to write a checkpoint: an update at the paper's sizes
# takes seconds, and compiling the first one longer.
_PATIENCE = 300.0


class RayBackend:
  """Runs trials as tasks of Ray.

  Args:
    address: Address of the cluster; `local` starts one on this machine.
    retries: Retries of a trial that fails, or loses its worker, without
      progress.
    cpus: CPUs of a trial.
    gpus: GPUs of a trial; ignored if the cluster has none.

  Raises:
    UsageError: If Ray is not installed, there is no cluster at the address, or
      no machine has enough CPUs or GPUs.
  """

  def __init__(self, address: str, retries: int, cpus: int, gpus: int) -> None:
    # The default of 20 retries takes 14 minutes if there is no cluster.
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
      largest = max(node['Resources'].get(kind, 0) for node in ray.nodes())
      if wanted > max(1, largest):
        raise UsageError(
          f'--{flag}={wanted} is more than any machine of the cluster has '
          f'({largest:g}); give fewer.'
        )
    gpus = gpus if ray.cluster_resources().get('GPU') else 0
    self._retries = Retries(retries)
    # Ray's retries do not consider the progress of a trial.
    self._run = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(
      _runner([os.path.abspath(name) for name in sys.path])
    )

  def run(
    self,
    trials: Sequence[Trial],
    on_state: Callable[..., None],
    on_tick: Callable[[], None],
  ) -> None:
    """Runs trials to their end; see `Backend.run`."""
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
      # Asks running trials to stop after a checkpoint.
      if pending:
        print('Stopping after checkpoints ...', file=sys.stderr, flush=True)
      for task in pending:
        ray.cancel(task, force=False)
      ray.wait(list(pending), num_returns=len(pending), timeout=_PATIENCE)
      ray.shutdown()

  def _failure(self, task: Any, trial: Trial) -> str:
    """Returns why a task failed, or '' if it succeeded."""
    try:
      code = self._ray.get(task)
    except self._ray.exceptions.RayError as error:
      return str(error).strip().splitlines()[-1]
    return '' if code == 0 else trial.error or f'exit code {code}'


def _has_begun(trial: Trial, begin: float) -> bool:
  """Returns whether a worker has opened the log of a trial since a time."""
  return trial.log.exists() and trial.log.stat().st_mtime > begin


def _runner(paths: Sequence[str]) -> Callable[..., int]:
  """Returns the function that runs a trial in a worker.

  Args:
    paths: Entries of `sys.path`, which are valid in the worker, too.
  """

  # Nested, so that Ray sends its code: the worker may not find this module.
  def run_trial(
    command: Sequence[str], log: str, path: str, folder: str
  ) -> int:
    sys.path[:0] = paths
    from tools.sweep import process

    environment = {'PYTHONPATH': path} if path else {}
    return process.run(command, pathlib.Path(log), environment, folder)

  return run_trial
