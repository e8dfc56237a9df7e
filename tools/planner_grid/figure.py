"""Heat maps of a grid, as in figure 12 of the paper."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.planner_grid.cells import Cell


def draw(means: Mapping[Cell, float], title: str) -> Figure:
  """Draws mean returns, one heat map for each iterations x candidates.

  Args:
    means: Mean return by cell.
    title: Title of the figure.

  Returns:
    The figure; what was not run is grey.
  """
  # Not by elites: rounded, their fractions differ with the candidates.
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
      picture = _draw_map(axes, values)
      axes.set_title(f'I = {number}, J = {count}', fontsize=9)
      axes.set_xticks(range(len(horizons)), horizons)
      axes.set_yticks(range(len(fractions)), [f'{x:.0%}' for x in fractions])
  for axes in grid[-1]:
    axes.set_xlabel('horizon H')
  for axes in grid[:, 0]:
    axes.set_ylabel('elites K / J')
  figure.colorbar(picture, ax=grid, label='mean return', aspect=40)
  return figure


def _draw_map(axes: Axes, values: np.ndarray) -> object:
  axes.set_facecolor('0.9')
  picture = axes.imshow(
    values, vmin=0, vmax=1000, origin='lower', aspect='auto'
  )
  for (row, column), value in np.ndenumerate(values):
    if not np.isnan(value):
      dark = value < 600
      axes.text(
        column,
        row,
        f'{value:.0f}',
        color='white' if dark else 'black',
        ha='center',
        va='center',
        fontsize=8,
      )
  return picture
