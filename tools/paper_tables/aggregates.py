"""Robust aggregates of groups of runs."""

import statistics
from collections.abc import Sequence

from tools.paper_tables.formats import Table
from tools.paper_tables.groups import Group
from tools.paper_tables.statistics import HIGHEST, stratified_bootstrap

_HEADER = (
  'runs',
  'IQM',
  '95% interval',
  'tasks',
  'seeds',
  'trajectories',
  'episodes, updates',
)


def make_table(groups: Sequence[Group]) -> Table:
  """Interquartile means with what stands behind each."""
  rows, records, notes = [], [], []
  for group in groups:
    tests = {task: group.tests_of(task)[-1] for task in group.tasks}
    iqm = stratified_bootstrap(_strata(group))
    # One seed drawn anew is always the same.
    single = min(len(x) for x in tests.values()) == 1
    seeds = sum(len(x) for x in tests.values())
    trajectories = sum(len(y.returns) for x in tests.values() for y in x)
    episodes = min(y.episodes for x in tests.values() for y in x)
    updates = min(y.updates for x in tests.values() for y in x)
    rows.append(
      [
        group.label,
        f'{iqm.value:.3f}',
        '-' if single else f'{iqm.low:.3f} to {iqm.high:.3f}',
        str(len(tests)),
        str(seeds),
        str(trajectories),
        f'{episodes}, {updates}',
      ]
    )
    records.append(
      {
        'runs': group.label,
        'iqm': iqm.value,
        'low': None if single else iqm.low,
        'high': None if single else iqm.high,
        'tasks': len(tests),
        'seeds': seeds,
        'trajectories': trajectories,
        'episodes': episodes,
        'updates': updates,
      }
    )
    counts = ', '.join(f'{task} {len(x)}' for task, x in tests.items())
    notes.append(f'{group.label}: seeds of each task: {counts}')
  notes = [
    'Interquartile means of the tests in table 1, each run by its mean return '
    f'/ {HIGHEST:.0f}, with 95% stratified-bootstrap intervals where all tasks '
    'have several seeds. A task with more seeds weighs more. The tasks of one '
    'agent are drawn together.',
    'seeds and trajectories are those of all tasks; episodes of training data '
    'and updates the fewest of all runs.',
    *notes,
  ]
  return Table(_HEADER, rows, notes, records)


def _strata(group: Group) -> list[list[list[float]]]:
  """Scores of each run in its tasks; runs of other tasks apart."""
  by_run: dict[str, dict[str, float]] = {}
  for task in group.tasks:
    tests = group.tests_of(task)[-1]
    for run, test in zip(group.of_task(task), tests, strict=True):
      score = statistics.fmean(test.returns) / HIGHEST
      by_run.setdefault(run.path, {})[task] = score
  strata: dict[tuple[str, ...], list[list[float]]] = {}
  for scores in by_run.values():
    strata.setdefault(tuple(scores), []).append(list(scores.values()))
  return list(strata.values())
