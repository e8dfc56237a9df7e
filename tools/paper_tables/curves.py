"""Learning curves as the paper draws them."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.paper_tables.published import PublishedRow
from tools.paper_tables.runs import Group, Score
from tools.plot_runs.figure import legend_below

_COLUMNS = 3
_STYLES = ('--', ':', '-.', (0, (5, 1)))


def draw(groups: Sequence[Group], published: Sequence[PublishedRow]) -> Figure:
  """Draws returns without noise over episodes, one plot for each task.

  Lines are medians, areas percentiles 5 to 95, over all seeds and
  trajectories. Published scores are horizontal lines.

  Args:
    groups: Groups of runs with several tests.
    published: Rows of table 1.

  Returns:
    The figure.
  """
  tasks = list(dict.fromkeys(task for x in groups for task in x.tasks))
  columns = min(_COLUMNS, len(tasks))
  rows = math.ceil(len(tasks) / columns)
  figure = Figure(figsize=(4 * columns, 3 * rows + 0.8), layout='constrained')
  grid = figure.subplots(rows, columns, squeeze=False).ravel()
  for axes, task in zip(grid, tasks, strict=False):
    axes.set_title(task)
    axes.set_xlabel('episodes')
    for index, group in enumerate(groups):
      if task in group.tasks:
        _draw_group(axes, group.label, group.tests_of(task), f'C{index}')
    for row, style in zip(published, _STYLES, strict=False):
      if task in row.scores:
        label = f'{row.method} (published)'
        axes.axhline(row.scores[task], color='0.5', ls=style, lw=1, label=label)
    axes.set_ylim(bottom=0)
  for axes in grid[len(tasks) :]:
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


def _draw_group(
  axes: Axes, label: str, tests: Sequence[Sequence[Score]], colour: str
) -> None:
  episodes, low, median, high = percentiles(tests).T
  axes.fill_between(episodes, low, high, color=colour, alpha=0.2, lw=0)
  axes.plot(episodes, median, color=colour, label=label)
