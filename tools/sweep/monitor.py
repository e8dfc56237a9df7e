"""Shows the progress of a sweep."""

import pathlib
import time
from collections.abc import Sequence

from planet_tf.runs.directory import is_in_use
from tools.sweep.trials import Trial, add_to_plan, read_progress, table

_SECONDS_PER_TABLE = 60.0


class Monitor:
  """Tracks and prints the states of trials.

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
    """Trials that have failed and are not retried."""
    return [trial for trial, x in self._states.items() if x == 'failed']

  def set_state(self, trial: Trial, state: str, reason: str = '') -> None:
    """Records and prints the new state of a trial with its reason."""
    self._states[trial] = state
    if state in ('running', 'done'):
      add_to_plan(self._root, trial)
    if state == 'done':
      trial.finish()
    print(
      f'{trial.name}: {state}{f" ({reason})" if reason else ""}', flush=True
    )

  def tick(self) -> None:
    """Shows the table once a minute."""
    if time.monotonic() - self._shown > _SECONDS_PER_TABLE:
      self.show()

  def show(self) -> None:
    """Shows the table."""
    self._shown = time.monotonic()
    rows = [(x, read_progress(x), self._states[x]) for x in self._trials]
    print(table(rows), flush=True)


def _find_state(trial: Trial) -> str:
  """Returns the state of a trial that another process may be running."""
  if trial.finished:
    return 'done'
  if is_in_use(trial.logdir):
    return 'running'
  if trial.error:
    return 'failed'
  return 'begun' if read_progress(trial).episodes else 'waiting'
