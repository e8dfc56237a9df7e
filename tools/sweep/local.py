"""Runs trials on this machine, several in parallel."""

import glob
import os
import sys
import time
from collections.abc import Callable, Sequence

from planet_tf.cli import UsageError
from tools.sweep import process
from tools.sweep.retries import Retries
from tools.sweep.trials import Trial

POLL_SECONDS = 1.0  # Between checks of the running trials.


def visible_gpus() -> list[str]:
  """Returns the NVIDIA GPUs of trials, as in CUDA_VISIBLE_DEVICES."""
  chosen = os.environ.get('CUDA_VISIBLE_DEVICES')
  if chosen is not None:
    return [name for name in chosen.split(',') if name]
  return [str(i) for i in range(len(glob.glob('/dev/nvidia[0-9]*')))]


class LocalBackend:
  """Runs trials as processes, each with separate GPUs if there are any.

  Args:
    jobs: Number of parallel trials; None for as many as the GPUs allow, or one
      without GPUs.
    retries: Retries of a trial that fails without progress.
    gpus: GPUs of a trial.

  Raises:
    UsageError: If the machine has fewer GPUs, and more than one is needed.
  """

  def __init__(self, jobs: int | None, retries: int, gpus: int) -> None:
    names = visible_gpus()
    if gpus > max(1, len(names)):
      raise UsageError(
        f'--gpus={gpus} is more than this machine has ({len(names)}); give '
        'fewer.'
      )
    # GPUs of each trial as a value of CUDA_VISIBLE_DEVICES.
    self._gpus = [
      ','.join(names[start : start + gpus])
      for start in range(0, len(names) - gpus + 1, gpus)
    ]
    jobs = jobs or max(1, len(self._gpus))
    self._retries = Retries(retries)
    self._slots = list(range(jobs))
    self._running: dict[Trial, tuple[process.Attempt, int]] = {}

  def run(
    self,
    trials: Sequence[Trial],
    on_state: Callable[..., None],
    on_tick: Callable[[], None],
  ) -> None:
    """Runs trials to their end; see `Backend.run`."""
    waiting = list(trials)
    deadlines: dict[Trial, float] = {}
    try:
      while waiting or self._running:
        while waiting and self._slots:
          trial = waiting.pop(0)
          self._start(trial, deadlines.get(trial))
          on_state(trial, 'running')
        for trial, attempt in self._finished():
          code = attempt.process.returncode
          if code == 0:
            on_state(trial, 'done')
          elif attempt.must_wait:
            deadlines[trial] = attempt.deadline
            waiting.append(trial)
            on_state(trial, 'waiting', 'its run directory is in use')
          else:
            state = self._retries.state_after_failure(trial)
            on_state(trial, state, trial.error or f'exit code {code}')
            if state == 'retried':
              waiting.insert(0, trial)
        on_tick()
        time.sleep(POLL_SECONDS)
    finally:
      self._stop()

  def _start(self, trial: Trial, deadline: float | None) -> None:
    slot = self._slots.pop(0)
    environment = {}
    if self._gpus:
      gpus = self._gpus[slot % len(self._gpus)]
      environment['CUDA_VISIBLE_DEVICES'] = gpus
    attempt = process.start(
      trial.command, trial.log, environment, deadline=deadline
    )
    self._running[trial] = attempt, slot

  def _finished(self) -> list[tuple[Trial, process.Attempt]]:
    """Returns trials and attempts that have ended; frees their slots."""
    result = []
    for trial, (attempt, slot) in list(self._running.items()):
      if attempt.process.poll() is not None:
        del self._running[trial]
        self._slots.append(slot)
        result.append((trial, attempt))
    return result

  def _stop(self) -> None:
    """Asks running trials to stop after a checkpoint, and waits."""
    if self._running:
      print('Stopping after checkpoints ...', file=sys.stderr, flush=True)
    for attempt, _ in self._running.values():
      attempt.stop()
    for attempt, _ in self._running.values():
      attempt.process.wait()
