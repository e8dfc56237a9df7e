"""Decides whether trials that have failed are started again."""

from tools.sweep.trials import Trial, read_progress


class Retries:
  """Counts failures of each trial between which it has not come further.

  Args:
    limit: How often a trial is started again without having come further.
  """

  def __init__(self, limit: int) -> None:
    self._limit = limit
    self._failures: dict[Trial, tuple[int, int]] = {}

  def state_after_failure(self, trial: Trial) -> str:
    """Counts a failure; returns `retried` or `failed`, what becomes of it."""
    updates = read_progress(trial).updates
    count, before = self._failures.get(trial, (0, updates))
    count = 1 if updates > before else count + 1
    self._failures[trial] = count, updates
    return 'retried' if count <= self._limit else 'failed'
