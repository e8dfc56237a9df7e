"""Curves of runs as a figure."""

import fnmatch
import json
import pathlib
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from planet_tf.cli import UsageError
from planet_tf.logs.recorder import read_metrics
from planet_tf.runs.directory import RunError
from tools.curve.picture import running_median
from tools.curve.rows import clock_of

# What is drawn unless something else is asked for.
METRICS = (
  'return',
  'image_loss',
  'reward_loss',
  'kl',
  'open_loop_image_error/12',
)

Records = list[dict[str, float]]


def read_run(logdir: pathlib.Path) -> Records:
  """Records of a run, each with its `hours`."""
  try:
    lines = read_metrics(logdir)
    clock = clock_of(logdir, lines)
  except (OSError, json.JSONDecodeError) as error:
    raise RunError(f'Cannot read the run {str(logdir)!r}: {error}') from error
  return [{**line, 'hours': clock.hours(line['time'])} for line in lines]


def draw(
  runs: Mapping[str, Records],
  metrics: Sequence[str],
  x: str = 'episodes',
  window: int = 10,
) -> Figure:
  """Draws metrics in rows, training data and tests side by side.

  Args:
    runs: Records of each run by its name.
    metrics: Names or globs.
    x: Counter on the horizontal axis.
    window: Episodes whose median is drawn for returns of training data.

  Returns:
    The figure.

  Raises:
    UsageError: No run has any of the metrics.
  """
  known = sorted(
    {
      key
      for lines in runs.values()
      for line in lines
      for key, value in line.items()
      if isinstance(value, (int, float))
    }
  )
  names = [x for glob in metrics for x in known if fnmatch.fnmatch(x, glob)]
  if not names:
    raise UsageError(
      f'No run has a metric like {", ".join(metrics)}; there are '
      f'{", ".join(known)}.'
    )
  figure = Figure(figsize=(10, 2.4 * len(names) + 0.6), layout='constrained')
  grid = figure.subplots(len(names), 2, squeeze=False)
  for row, name in zip(grid, names, strict=True):
    for axes, split in zip(row, ('train', 'test'), strict=True):
      _draw_metric(axes, runs, split, name, x, window)
  for axes in grid[-1]:
    axes.set_xlabel(x)
  legend_below(figure)
  return figure


def legend_below(figure: Figure, columns: int = 1) -> None:
  """Adds one legend for all plots, in which each label stands once."""
  handles = {}
  for axes in figure.axes:
    handles |= dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
  figure.legend(
    handles.values(),
    handles,
    loc='outside lower center',
    ncols=columns,
    frameon=False,
  )


def _draw_metric(
  axes: Axes,
  runs: Mapping[str, Records],
  split: str,
  name: str,
  x: str,
  window: int,
) -> None:
  axes.set_title(f'{name}, {split}', fontsize='medium')
  axes.grid(color='#e4e4e4')
  axes.set_axisbelow(True)
  for index, (run, lines) in enumerate(runs.items()):
    found = [y for y in lines if y['split'] == split and name in y]
    if not found:
      continue
    places, values = [y[x] for y in found], [y[name] for y in found]
    colour = f'C{index % 10}'
    if split == 'train' and name.startswith('return'):
      axes.plot(places, values, '.', color=colour, alpha=0.3, ms=3)
      values = running_median(values, window)
    axes.plot(places, values, color=colour, lw=1.5, label=run)
  if not axes.lines:
    axes.set_visible(False)
