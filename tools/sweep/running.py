"""Runs the trials of a sweep on a backend."""

import pathlib
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from tools.sweep.monitor import Monitor
from tools.sweep.trials import Trial, write_plan


class Backend(Protocol):
  """Runs trials somewhere."""

  def run(
    self,
    trials: Sequence[Trial],
    on_state: Callable[..., None],
    on_tick: Callable[[], None],
  ) -> None:
    """Runs trials to their end; stops them after checkpoints if interrupted.

    Args:
      trials: The trials.
      on_state: Called with a trial, its new state (`queued`, `running`,
        `waiting`, `done`, `retried` or `failed`), and the reason for some.
      on_tick: Called about once per second.
    """


def run_sweep(
  root: pathlib.Path, trials: Sequence[Trial], backend: Backend
) -> int:
  """Runs the trials that are not finished and prints the progress of all.

  Args:
    root: Folder of all run directories.
    trials: All trials.
    backend: Where they run.

  Returns:
    The exit code: 1 if a trial failed.
  """
  write_plan(root, trials)
  monitor = Monitor(root, trials)
  unfinished = [trial for trial in trials if not trial.finished]
  # Both signals stop all trials after checkpoints. Ray has installed a handler
  # that aborts, and background jobs of a shell ignore Ctrl-C.
  for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.default_int_handler)
  try:
    backend.run(unfinished, monitor.set_state, monitor.tick)
  except KeyboardInterrupt:
    Monitor(root, trials).show()  # The states after the interruption.
    raise
  monitor.show()
  for trial in monitor.failed:
    print(f'{trial.name} has failed; see {trial.log}.', file=sys.stderr)
  return 1 if monitor.failed else 0
