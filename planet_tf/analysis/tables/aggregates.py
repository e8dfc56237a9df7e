"""Robust aggregates of groups over tasks and seeds."""

import statistics
from collections.abc import Sequence
from typing import Any

from planet_tf.analysis.statistics import MAX_RETURN, stratified_bootstrap
from planet_tf.analysis.tables.formats import Table
from planet_tf.analysis.tables.group import Group

_HEADER = (
  'runs',
  'IQM',
  '95% interval',
  'tasks',
  'seeds',
  'trajectories',
  'episodes, updates',
)
_NOTES = (
  'Interquartile means of the evaluations in table 1, each run by its mean '
  f'return / {MAX_RETURN:.0f}, with 95% stratified-bootstrap intervals where '
  'all tasks have several seeds. A task with more seeds has more weight. The '
  'tasks of one agent are resampled together.',
  'Seeds and trajectories are sums over all tasks; episodes of training data '
  'and updates are minima over all runs.',
)


def make_table(groups: Sequence[Group]) -> Table:
  """Returns the interquartile mean of each group with its basis."""
  records = [_aggregate(group) for group in groups]
  notes = [*_NOTES]
  for group in groups:
    counts = ', '.join(f'{x} {len(group.of_task(x))}' for x in group.tasks)
    notes.append(f'{group.label}: seeds of each task: {counts}')
  return Table(_HEADER, [_cells(x) for x in records], notes, records)


def _aggregate(group: Group) -> dict[str, Any]:
  by_task = [group.evaluations(task)[-1] for task in group.tasks]
  everything = [x for evaluations in by_task for x in evaluations]
  aggregate = stratified_bootstrap(_strata(group))
  # Resampling a single seed always gives that seed.
  single = min(map(len, by_task)) == 1
  return {
    'runs': group.label,
    'iqm': aggregate.value,
    'low': None if single else aggregate.low,
    'high': None if single else aggregate.high,
    'tasks': len(by_task),
    'seeds': len(everything),
    'trajectories': sum(len(x.returns) for x in everything),
    'episodes': min(x.episodes for x in everything),
    'updates': min(x.updates for x in everything),
  }


def _cells(record: dict[str, Any]) -> list[str]:
  low, high = record['low'], record['high']
  return [
    record['runs'],
    f'{record["iqm"]:.3f}',
    '-' if low is None else f'{low:.3f} to {high:.3f}',
    *(str(record[name]) for name in ('tasks', 'seeds', 'trajectories')),
    f'{record["episodes"]}, {record["updates"]}',
  ]


def _strata(group: Group) -> list[list[list[float]]]:
  """Returns scores [seeds, tasks], one stratum for each set of tasks."""
  by_run: dict[str, dict[str, float]] = {}
  for task in group.tasks:
    last = group.evaluations(task)[-1]
    for member, evaluation in zip(group.of_task(task), last, strict=True):
      score = statistics.fmean(evaluation.returns) / MAX_RETURN
      by_run.setdefault(member.path, {})[task] = score
  strata: dict[tuple[str, ...], list[list[float]]] = {}
  for scores in by_run.values():
    strata.setdefault(tuple(scores), []).append(list(scores.values()))
  return list(strata.values())
