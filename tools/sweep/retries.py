"""Decides whether to retry failed trials."""

from tools.sweep.trials import Trial, read_progress


class Retries:
  """Counts failures of each trial without progress in between.

  Args:
    limit: Number of retries without progress.
  """

  def __init__(self, limit: int) -> None:
    self._limit = limit
    self._failures: dict[Trial, tuple[int, int]] = {}

  def state_after_failure(self, trial: Trial) -> str:
    """Counts a failure; returns the new state, `retried` or `failed`."""
    updates = read_progress(trial).updates
    count, before = self._failures.get(trial, (0, updates))
    count = 1 if updates > before else count + 1
    self._failures[trial] = count, updates
    return 'retried' if count <= self._limit else 'failed'
