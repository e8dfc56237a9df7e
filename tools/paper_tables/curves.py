"""Learning curves as the paper draws them."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.paper_tables.groups import Group
from tools.paper_tables.published import PublishedRow
from tools.paper_tables.runs import Score
from tools.plot_runs.figure import legend_below

_COLUMNS = 3
_STYLES = ('--', ':', '-.', (0, (5, 1)))


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
  averages = [averages_of(group) for group in groups]
  together = all(
    len(x.tasks) == len(tasks) > 1 and len(points)
    for x, points in zip(groups, averages, strict=True)
  )
  count = len(tasks) + together
  columns = min(_COLUMNS, count)
  rows = math.ceil(count / columns)
  figure = Figure(figsize=(4 * columns, 3 * rows + 0.8), layout='constrained')
  grid = figure.subplots(rows, columns, squeeze=False).ravel()
  for axes, task in zip(grid, tasks, strict=False):
    axes.set_title(task)
    axes.set_xlabel('episodes')
    for index, group in enumerate(groups):
      if task in group.tasks:
        points = percentiles(group.tests_of(task))
        _draw_group(axes, group.label, points, f'C{index}')
    for row, style in zip(published, _STYLES, strict=False):
      if task in row.scores:
        label = f'{row.method} (published)'
        axes.axhline(row.scores[task], color='0.5', ls=style, lw=1, label=label)
    axes.set_ylim(bottom=0)
  if together:
    _draw_averages(grid[len(tasks)], groups, averages)
  for axes in grid[count:]:
    axes.set_visible(False)
  legend_below(figure, columns=3)
  return figure


def percentiles(tests_of_runs: Sequence[Sequence[Score]]) -> np.ndarray:
  """Episodes, and percentiles 5, 50 and 95 of the returns, [tests, 4].

  Args:
    tests_of_runs: What `Group.tests_of` returns.
  """
  points = []
  for tests in tests_of_runs:
    returns = [value for test in tests for value in test.returns]
    episodes = np.mean([test.episodes for test in tests])
    points.append([episodes, *np.percentile(returns, (5, 50, 95))])
  return np.array(points)


def averages_of(group: Group) -> np.ndarray:
  """Episodes of each task, mean and deviation of the returns, [tests, 4].

  The columns are episodes, mean - deviation, mean, mean + deviation, over all
  tasks, seeds and trajectories, of the tests that all tasks have had after
  equally many updates.
  """
  by_updates: dict[int, list[Score]] = {}
  for task in group.tasks:
    for tests in group.tests_of(task):
      by_updates.setdefault(tests[0].updates, []).extend(tests)
  points = []
  for updates in sorted(by_updates):
    tests = by_updates[updates]
    if len(tests) == len(group.runs):
      returns = [value for test in tests for value in test.returns]
      mean, deviation = np.mean(returns), np.std(returns)
      episodes = np.mean([test.episodes for test in tests])
      points.append([episodes, mean - deviation, mean, mean + deviation])
  return np.array(points)


def _draw_averages(
  axes: Axes, groups: Sequence[Group], averages: Sequence[np.ndarray]
) -> None:
  axes.set_title('average over tasks')
  axes.set_xlabel('episodes of each task')
  for index, (group, points) in enumerate(zip(groups, averages, strict=True)):
    _draw_group(axes, group.label, points, f'C{index}')
  axes.set_ylim(bottom=0)


def _draw_group(
  axes: Axes, label: str, points: np.ndarray, colour: str
) -> None:
  episodes, low, middle, high = points.T
  axes.fill_between(episodes, low, high, color=colour, alpha=0.2, lw=0)
  axes.plot(episodes, middle, color=colour, label=label)
