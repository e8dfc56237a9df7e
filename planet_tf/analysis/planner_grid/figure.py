"""Heat maps of a grid."""

import pathlib
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from planet_tf.analysis.planner_grid.cells import (
  Cell,
  cells_markdown,
  mean_return,
)
from planet_tf.analysis.simulator_records import Record
from planet_tf.analysis.statistics import MAX_RETURN
from planet_tf.runs.atomic_files import atomic_write

_DARK = 0.6 * MAX_RETURN  # Below, colors are dark and text is white.


def write_grid(output: pathlib.Path, records: Mapping[Cell, Record]) -> None:
  """Writes figure12.md, figure12.png and figure12.svg to a folder."""
  atomic_write(output / 'figure12.md', cells_markdown(records))
  means = {cell: mean_return(record) for cell, record in records.items()}
  first = next(iter(records.values()))
  refit = 'clipped' if first['planner']['refit_clipped'] else 'as drawn'
  figure = draw_grid(
    means, f'CEM with the true simulator, {first["task"]}, elites {refit}'
  )
  for suffix in ('png', 'svg'):
    figure.savefig(output / f'figure12.{suffix}', dpi=120)


def draw_grid(means: Mapping[Cell, float], title: str) -> Figure:
  """Draws mean returns, one heat map for each pair of iterations, candidates.

  Args:
    means: Mean return by cell.
    title: Title of the figure.

  Returns:
    The figure. Missing cells are gray.
  """
  # By fraction: rounded numbers of elites differ between candidates.
  by_fraction = {
    (x.horizon, x.fraction, x.iterations, x.candidates): mean
    for x, mean in means.items()
  }
  horizons = sorted({cell.horizon for cell in means})
  fractions = sorted({cell.fraction for cell in means})
  iterations = sorted({cell.iterations for cell in means})
  candidates = sorted({cell.candidates for cell in means})
  width = 0.55 * len(horizons) + 0.7
  height = 0.45 * len(fractions) + 0.8
  size = (width * len(candidates) + 1.4, height * len(iterations) + 0.9)
  figure = Figure(figsize=(max(4.5, size[0]), size[1]), layout='constrained')
  figure.suptitle(title)
  grid = figure.subplots(len(iterations), len(candidates), squeeze=False)
  for axes_row, number in zip(grid, iterations, strict=True):
    for axes, count in zip(axes_row, candidates, strict=True):
      values = np.array(
        [
          [by_fraction.get((x, y, number, count), np.nan) for x in horizons]
          for y in fractions
        ]
      )
      image = _draw_map(axes, values)
      axes.set_title(f'I = {number}, J = {count}', fontsize=9)
      axes.set_xticks(range(len(horizons)), horizons)
      axes.set_yticks(range(len(fractions)), [f'{x:.0%}' for x in fractions])
  for axes in grid[-1]:
    axes.set_xlabel('horizon H')
  for axes in grid[:, 0]:
    axes.set_ylabel('elites K / J')
  figure.colorbar(image, ax=grid, label='mean return', aspect=40)
  return figure


def _draw_map(axes: Axes, values: np.ndarray) -> AxesImage:
  axes.set_facecolor('0.9')
  image = axes.imshow(
    values, vmin=0, vmax=MAX_RETURN, origin='lower', aspect='auto'
  )
  for (row, column), value in np.ndenumerate(values):
    if not np.isnan(value):
      axes.text(
        column,
        row,
        f'{value:.0f}',
        color='white' if value < _DARK else 'black',
        ha='center',
        va='center',
        fontsize=8,
      )
  return image
