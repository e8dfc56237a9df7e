"""Points of the learning curves of groups."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from planet_tf.analysis.run import Evaluation
from planet_tf.analysis.tables.group import Group


class Point(NamedTuple):
  """Evaluations of several runs after the same number of updates.

  Attributes:
    episodes: Episodes of training data, the mean over the runs.
    updates: Updates.
    low: Lower edge of the shaded area.
    middle: Height of the line.
    high: Upper edge of the shaded area.
    seeds: Number of runs.
    trajectories: Number of evaluation episodes.
  """

  episodes: float
  updates: int
  low: float
  middle: float
  high: float
  seeds: int
  trajectories: int


def percentiles_of(group: Group, task: str) -> list[Point]:
  """Returns percentiles 5, 50 and 95 of returns over seeds and trajectories."""
  return [
    _point(x, *np.percentile(_returns(x), (5, 50, 95)))
    for x in group.evaluations(task)
  ]


def averages_of(group: Group) -> list[Point]:
  """Returns means over tasks, seeds and trajectories, with one deviation.

  A point needs evaluations of all tasks after the same number of updates.
  """
  by_updates: dict[int, list[Evaluation]] = {}
  for task in group.tasks:
    for evaluations in group.evaluations(task):
      by_updates.setdefault(evaluations[0].updates, []).extend(evaluations)
  points = []
  for _, found in sorted(by_updates.items()):
    if len(found) == len(group.members):
      returns = _returns(found)
      mean, deviation = float(np.mean(returns)), float(np.std(returns))
      points.append(_point(found, mean - deviation, mean, mean + deviation))
  return points


def have_averages(groups: Sequence[Group]) -> bool:
  """Returns whether averages are comparable: over the same, several tasks."""
  tasks = {frozenset(group.tasks) for group in groups}
  return (
    len(tasks) == 1
    and len(groups[0].tasks) > 1
    and all(averages_of(group) for group in groups)
  )


def curve_records(groups: Sequence[Group]) -> list[dict[str, object]]:
  """Returns the points of all curves, for CSV."""
  return [
    {'runs': group.label, 'task': task, **point._asdict()}
    for group in groups
    for task in group.tasks
    for point in percentiles_of(group, task)
  ]


def _point(
  evaluations: Sequence[Evaluation], low: float, middle: float, high: float
) -> Point:
  return Point(
    float(np.mean([x.episodes for x in evaluations])),
    evaluations[0].updates,
    float(low),
    float(middle),
    float(high),
    len(evaluations),
    len(_returns(evaluations)),
  )


def _returns(evaluations: Sequence[Evaluation]) -> list[float]:
  return [value for x in evaluations for value in x.returns]
