"""Curves of metrics, of one run or of several."""

import fnmatch
from collections.abc import Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from planet_tf.analysis.curves.smoothing import WINDOW, running_median
from planet_tf.analysis.metrics import Record
from planet_tf.errors import UserError

# The metrics of the figure by default.
METRICS = (
  'return',
  'image_loss',
  'reward_loss',
  'kl',
  'open_loop_image_error/12',
)
# What the horizontal axis can count.
AXES = ('episodes', 'updates', 'env_steps', 'hours')


class UnknownMetric(UserError):
  """A metric that no run has recorded."""


def draw_metrics(
  runs: Mapping[str, Sequence[Record]],
  metrics: Sequence[str] = METRICS,
  x: str = 'episodes',
  window: int = WINDOW,
) -> Figure:
  """Draws one row of plots for each metric: training, then evaluations.

  Args:
    runs: Records of each run by its label.
    metrics: Names or globs of metrics.
    x: Key of the horizontal axis, one of `AXES`.
    window: Number of training episodes in the running median of returns.

  Returns:
    The figure.

  Raises:
    UnknownMetric: If no run has recorded any of the metrics.
  """
  names = _find_metrics(runs, metrics)
  figure = Figure(figsize=(10, 2.4 * len(names) + 0.6), layout='constrained')
  grid = figure.subplots(len(names), 2, squeeze=False)
  for row, name in zip(grid, names, strict=True):
    for axes, split in zip(row, ('train', 'test'), strict=True):
      _draw_metric(axes, runs, split, name, x, window)
  for axes in grid[-1]:
    axes.set_xlabel(x)
  add_legend(figure)
  return figure


def add_legend(figure: Figure, columns: int = 1) -> None:
  """Adds one legend below all plots, with each label once."""
  handles: dict[str, Artist] = {}
  for axes in figure.axes:
    artists, labels = axes.get_legend_handles_labels()
    handles |= zip(labels, artists, strict=True)
  figure.legend(
    list(handles.values()),
    list(handles),
    loc='outside lower center',
    ncols=columns,
    frameon=False,
  )


def _find_metrics(
  runs: Mapping[str, Sequence[Record]], metrics: Sequence[str]
) -> list[str]:
  known = sorted(
    {
      key
      for records in runs.values()
      for record in records
      for key, value in record.items()
      if isinstance(value, (int, float))
    }
  )
  names = [x for glob in metrics for x in known if fnmatch.fnmatch(x, glob)]
  if not names:
    raise UnknownMetric(
      f'No run has recorded {", ".join(metrics)}; choose from '
      f'{", ".join(known)}.'
    )
  return names


def _draw_metric(
  axes: Axes,
  runs: Mapping[str, Sequence[Record]],
  split: str,
  name: str,
  x: str,
  window: int,
) -> None:
  axes.set_title(f'{name}, {split}', fontsize='medium')
  axes.grid(color='#e4e4e4')
  axes.set_axisbelow(True)
  for index, (label, records) in enumerate(runs.items()):
    found = [y for y in records if y['split'] == split and name in y]
    if not found:
      continue
    places, values = [y[x] for y in found], [y[name] for y in found]
    color = f'C{index % 10}'
    if split == 'train' and name.startswith('return'):
      axes.plot(places, values, '.', color=color, alpha=0.3, ms=3)
      values = running_median(values, window)
    axes.plot(places, values, color=color, lw=1.5, label=label)
  if not axes.lines:
    axes.set_visible(False)
