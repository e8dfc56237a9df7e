"""Learning curves as the paper draws them."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.paper_tables.groups import Group
from tools.paper_tables.published import PublishedRow
from tools.paper_tables.runs import Score
from tools.plot_runs.figure import legend_below

_COLUMNS = 3
_STYLES = ('--', ':', '-.', '-')


class Point(NamedTuple):
  """Tests of some runs after equally many updates.

  Attributes:
    episodes: Episodes of training data, the mean over the runs.
    updates: Updates.
    low: Lower edge of the area.
    middle: The line.
    high: Upper edge of the area.
    seeds: Number of runs.
    trajectories: Number of returns.
  """

  episodes: float
  updates: int
  low: float
  middle: float
  high: float
  seeds: int
  trajectories: int


def points_of(group: Group, task: str) -> list[Point]:
  """Percentiles 5, 50 and 95 of the returns over seeds and trajectories."""
  return [
    _point(tests, *np.percentile(_returns(tests), (5, 50, 95)))
    for tests in group.tests_of(task)
  ]


def averages_of(group: Group) -> list[Point]:
  """Means of the returns in all tasks, less and more one standard deviation.

  They are over tasks, seeds and trajectories, of the tests that all tasks have
  had after equally many updates.
  """
  by_updates: dict[int, list[Score]] = {}
  for task in group.tasks:
    for tests in group.tests_of(task):
      by_updates.setdefault(tests[0].updates, []).extend(tests)
  points = []
  for _, tests in sorted(by_updates.items()):
    if len(tests) == len(group.runs):
      mean, deviation = np.mean(_returns(tests)), np.std(_returns(tests))
      points.append(_point(tests, mean - deviation, mean, mean + deviation))
  return points


def have_averages(groups: Sequence[Group]) -> bool:
  """Whether the averages of groups can be compared: of several, equal tasks."""
  tasks = {frozenset(group.tasks) for group in groups}
  return (
    len(tasks) == 1
    and len(groups[0].tasks) > 1
    and all(averages_of(group) for group in groups)
  )


def records(groups: Sequence[Group]) -> list[dict[str, object]]:
  """The points of all curves, for CSV."""
  return [
    {'runs': group.label, 'task': task, **point._asdict()}
    for group in groups
    for task in group.tasks
    for point in points_of(group, task)
  ]


def draw(groups: Sequence[Group], published: Sequence[PublishedRow]) -> Figure:
  """Draws returns without noise over episodes, one plot for each task.

  Lines are medians, areas percentiles 5 to 95, over all seeds and
  trajectories. Published scores are horizontal lines. If all groups have the
  same tasks, a last plot has their means with one standard deviation.

  Args:
    groups: Groups of runs with several tests.
    published: Rows of table 1.

  Returns:
    The figure.
  """
  tasks = list(dict.fromkeys(task for x in groups for task in x.tasks))
  together = have_averages(groups)
  count = len(tasks) + together
  columns = min(_COLUMNS, count)
  rows = math.ceil(count / columns)
  figure = Figure(figsize=(4 * columns, 3 * rows + 0.8), layout='constrained')
  figure.suptitle(
    'medians, percentiles 5 to 95 over seeds and trajectories', fontsize=9
  )
  grid = figure.subplots(rows, columns, squeeze=False).ravel()
  for axes, task in zip(grid, tasks, strict=False):
    curves = {x.label: points_of(x, task) for x in groups if task in x.tasks}
    for row, style in zip(published, _STYLES, strict=False):
      if task in row.scores:
        label = f'{row.method} (published)'
        axes.axhline(row.scores[task], color='0.6', ls=style, lw=1, label=label)
    _draw_plot(axes, task, curves, groups)
  if together:
    curves = {group.label: averages_of(group) for group in groups}
    title = 'average over tasks, one deviation'
    _draw_plot(grid[len(tasks)], title, curves, groups)
  for axes in grid[count:]:
    axes.set_visible(False)
  legend_below(figure, columns=columns)
  return figure


def _draw_plot(
  axes: Axes,
  title: str,
  curves: Mapping[str, Sequence[Point]],
  groups: Sequence[Group],
) -> None:
  axes.set_title(title)
  axes.set_xlabel('episodes of the task')
  axes.set_ylabel('return')
  colours = matplotlib.colormaps['tab10' if len(groups) <= 10 else 'tab20']
  for index, group in enumerate(groups):
    if points := curves.get(group.label):
      episodes = [point.episodes for point in points]
      low, high = [x.low for x in points], [x.high for x in points]
      colour = colours(index % colours.N)
      axes.fill_between(episodes, low, high, color=colour, alpha=0.2, lw=0)
      axes.plot(
        episodes,
        [point.middle for point in points],
        color=colour,
        # One test alone is no line.
        marker='o' if len(points) == 1 else None,
        label=_label(group),
      )
  if all(x.middle >= 0 for points in curves.values() for x in points):
    axes.set_ylim(bottom=0)


def _label(group: Group) -> str:
  """Name of a group and how many seeds it has in its tasks."""
  seeds = sorted({len(group.of_task(task)) for task in group.tasks})
  text = ' to '.join(dict.fromkeys(str(x) for x in (seeds[0], seeds[-1])))
  # Matplotlib would take what is between dollars for mathematics.
  label = group.label.replace('$', r'\$')
  return f'{label} ({text} seed{"" if text == "1" else "s"})'


def _point(
  tests: Sequence[Score], low: float, middle: float, high: float
) -> Point:
  return Point(
    float(np.mean([test.episodes for test in tests])),
    tests[0].updates,
    float(low),
    float(middle),
    float(high),
    len(tests),
    len(_returns(tests)),
  )


def _returns(tests: Sequence[Score]) -> list[float]:
  return [value for test in tests for value in test.returns]
