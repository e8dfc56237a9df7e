"""Cells of the grid: settings of the planner and what they have scored."""

import itertools
import json
import pathlib
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from planet_tf.command_line import UsageError


class Cell(NamedTuple):
  """Settings of the planner.

  Attributes:
    horizon: Decisions planned ahead, H.
    elites: Number of elites, K.
    iterations: Iterations, I.
    candidates: Candidates of each iteration, J.
  """

  horizon: int
  elites: int
  iterations: int
  candidates: int

  @property
  def fraction(self) -> float:
    """Elites by candidates, K / J."""
    return self.elites / self.candidates

  @property
  def name(self) -> str:
    """File name without its end."""
    return (
      f'h{self.horizon}_k{self.elites}_i{self.iterations}_j{self.candidates}'
    )

  @property
  def params(self) -> tuple[str, ...]:
    """Gin bindings."""
    return (
      f'make_planner.horizon = {self.horizon}',
      f'make_planner.elites = {self.elites}',
      f'make_planner.iterations = {self.iterations}',
      f'make_planner.candidates = {self.candidates}',
    )

  @property
  def cost(self) -> int:
    """Decisions that are simulated for each that is taken."""
    return self.horizon * self.iterations * self.candidates


def make_cells(
  horizons: Sequence[int],
  fractions: Sequence[float],
  iterations: Sequence[int],
  candidates: Sequence[int],
) -> list[Cell]:
  """All combinations, the cheapest first.

  Raises:
    UsageError: A fraction leaves no elites, or more than there are candidates.
  """
  cells = set()
  product = itertools.product(horizons, fractions, iterations, candidates)
  for horizon, fraction, count, size in product:
    elites = round(fraction * size)
    if not 1 <= elites <= size:
      raise UsageError(
        f'--elite_fractions={fraction:g} of {size} candidates are {elites} '
        'elites; there must be 1 at least and no more than candidates.'
      )
    cells.add(Cell(horizon, elites, count, size))
  return sorted(cells, key=lambda cell: (cell.cost, cell))


def read_scores(folder: pathlib.Path, task: str) -> dict[Cell, list[float]]:
  """Returns of each cell of which `folder` has a file.

  Raises:
    UsageError: A file is none of tools.true_simulator, or of another task.
  """
  result = {}
  for path in sorted(folder.glob('h*_k*_i*_j*.json')):
    try:
      record = json.loads(path.read_text())
      planner = record['planner']
      cell = Cell(*(planner[name] for name in Cell._fields))
      returns = [episode['return'] for episode in record['results']]
      found = record['task']
    except (ValueError, KeyError, TypeError) as error:
      raise UsageError(
        f'{str(path)!r} is no file of tools.true_simulator; move it away.'
      ) from error
    if found != task:
      raise UsageError(
        f'{str(path)!r} is of {found} and not of {task}; choose another folder.'
      )
    if returns:
      result[cell] = returns
  return result


def markdown(scores: dict[Cell, list[float]]) -> str:
  """The cells as a table, the best first."""
  lines = [
    '| horizon | elites | iterations | candidates | mean return | episodes |',
    '|---|---|---|---|---|---|',
  ]
  means = {cell: statistics.fmean(x) for cell, x in scores.items()}
  for cell in sorted(means, key=means.__getitem__, reverse=True):
    lines.append(
      f'| {cell.horizon} | {cell.elites} ({cell.fraction:.0%}) | '
      f'{cell.iterations} | {cell.candidates} | {means[cell]:.0f} | '
      f'{len(scores[cell])} |'
    )
  return '\n'.join(lines) + '\n'
