"""Learning curves of groups, as in figures 4, 6 and 7 of the paper."""

import math
from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from planet_tf.analysis.curves.metrics_figure import add_legend
from planet_tf.analysis.tables.curve_points import (
  Point,
  averages_of,
  have_averages,
  percentiles_of,
)
from planet_tf.analysis.tables.group import Group
from planet_tf.analysis.tables.published import PublishedRow

_COLUMNS = 3
_STYLES = ('--', ':', '-.', '-')


def draw_curves(
  groups: Sequence[Group], published: Sequence[PublishedRow]
) -> Figure:
  """Draws returns of evaluations over episodes, one plot for each task.

  Lines are medians, shaded areas percentiles 5 to 95, over all seeds and
  trajectories. Published scores are horizontal lines. If all groups have the
  same tasks, a last plot has their means with one standard deviation.

  Args:
    groups: Groups with several evaluations.
    published: Rows of table 1.

  Returns:
    The figure.
  """
  tasks = list(dict.fromkeys(task for x in groups for task in x.tasks))
  averages = have_averages(groups)
  count = len(tasks) + averages
  columns = min(_COLUMNS, count)
  rows = math.ceil(count / columns)
  figure = Figure(figsize=(4 * columns, 3 * rows + 0.8), layout='constrained')
  figure.suptitle(
    'medians, percentiles 5 to 95 over seeds and trajectories', fontsize=9
  )
  grid = figure.subplots(rows, columns, squeeze=False).ravel()
  for axes, task in zip(grid, tasks, strict=False):
    curves = {
      x.label: percentiles_of(x, task) for x in groups if task in x.tasks
    }
    _draw_published(axes, published, task)
    _draw_plot(axes, task, curves, groups)
  if averages:
    curves = {group.label: averages_of(group) for group in groups}
    title = 'average over tasks, one deviation'
    _draw_plot(grid[len(tasks)], title, curves, groups)
  for axes in grid[count:]:
    axes.set_visible(False)
  add_legend(figure, columns=columns)
  return figure


def _draw_published(
  axes: Axes, published: Sequence[PublishedRow], task: str
) -> None:
  for row, style in zip(published, _STYLES, strict=False):
    if task in row.scores:
      label = f'{row.method} (published)'
      axes.axhline(row.scores[task], color='0.6', ls=style, lw=1, label=label)


def _draw_plot(
  axes: Axes,
  title: str,
  curves: Mapping[str, Sequence[Point]],
  groups: Sequence[Group],
) -> None:
  axes.set_title(title)
  axes.set_xlabel('episodes of the task')
  axes.set_ylabel('return')
  colors = matplotlib.colormaps['tab10' if len(groups) <= 10 else 'tab20']
  for index, group in enumerate(groups):
    if points := curves.get(group.label):
      episodes = [point.episodes for point in points]
      low, high = [x.low for x in points], [x.high for x in points]
      color = colors(index % colors.N)
      axes.fill_between(episodes, low, high, color=color, alpha=0.2, lw=0)
      axes.plot(
        episodes,
        [point.middle for point in points],
        color=color,
        # A single point is not visible as a line.
        marker='o' if len(points) == 1 else None,
        label=_label(group),
      )
  if all(x.middle >= 0 for points in curves.values() for x in points):
    axes.set_ylim(bottom=0)


def _label(group: Group) -> str:
  """Returns the label with the number of seeds of its tasks."""
  seeds = sorted({len(group.of_task(task)) for task in group.tasks})
  text = ' to '.join(dict.fromkeys(str(x) for x in (seeds[0], seeds[-1])))
  # Matplotlib reads text between dollar signs as mathematics.
  label = group.label.replace('$', r'\$')
  return f'{label} ({text} seed{"" if text == "1" else "s"})'
