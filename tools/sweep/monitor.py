"""Shows how far the trials of a sweep have come."""

import pathlib
import time
from collections.abc import Sequence

from planet_tf.runs.directory import is_in_use
from tools.sweep.trials import Trial, add_to_plan, read_progress, table

_SECONDS_PER_TABLE = 60.0


class Monitor:
  """Keeps, prints and tabulates the states of trials.

  Args:
    root: Folder of all run directories.
    trials: The trials.
  """

  def __init__(self, root: pathlib.Path, trials: Sequence[Trial]) -> None:
    self._root = root
    self._trials = trials
    self._shown = time.monotonic()
    self._states = {trial: _find_state(trial) for trial in trials}

  @property
  def failed(self) -> list[Trial]:
    """Trials that have failed and are not tried again."""
    return [trial for trial, x in self._states.items() if x == 'failed']

  def set_state(self, trial: Trial, state: str, reason: str = '') -> None:
    """Notes and prints the new state of a trial, and why it is so."""
    self._states[trial] = state
    if state in ('running', 'done'):
      add_to_plan(self._root, trial)
    if state == 'done':
      trial.finish()
    print(
      f'{trial.name}: {state}{f" ({reason})" if reason else ""}', flush=True
    )

  def tick(self) -> None:
    """Shows the table now and then."""
    if time.monotonic() - self._shown > _SECONDS_PER_TABLE:
      self.show()

  def show(self) -> None:
    """Shows the table."""
    self._shown = time.monotonic()
    rows = [(x, read_progress(x), self._states[x]) for x in self._trials]
    print(table(rows), flush=True)


def _find_state(trial: Trial) -> str:
  """What can be told of a trial that others may have run, or be running."""
  if trial.finished:
    return 'done'
  if is_in_use(trial.logdir):
    return 'running'
  if trial.error:
    return 'failed'
  return 'begun' if read_progress(trial).episodes else 'waiting'
