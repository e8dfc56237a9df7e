"""Cells of the grid: settings of the planner and what they have scored."""

import itertools
import pathlib
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from planet_tf.cli import UsageError
from tools.origin import describe_origin
from tools.simulator_record import (
  SETTINGS,
  Record,
  find_difference,
  read_record,
)


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


def read_records(folder: pathlib.Path, asked: Record) -> dict[Cell, Record]:
  """Records of each cell of which `folder` has an episode.

  Args:
    folder: Where they are.
    asked: Settings that they must have but for the planner's in `Cell`.

  Raises:
    UsageError: A file is none of tools.true_simulator, or of other settings.
  """
  result = {}
  for path in sorted(folder.glob('h*_k*_i*_j*.json')):
    record = read_record(path)
    difference = find_difference(_common(record), _common(asked))
    if difference:
      raise UsageError(
        f'{str(path)!r} is of other settings ({difference}); choose another '
        '--output.'
      )
    if record['results']:
      result[Cell(*(record['planner'][x] for x in Cell._fields))] = record
  return result


def mean_return(record: Record) -> float:
  """Mean over its episodes."""
  return statistics.fmean(result['return'] for result in record['results'])


def markdown(records: Mapping[Cell, Record]) -> str:
  """The cells as a table, the best first, and what they were computed with."""
  lines = [
    '| horizon | elites | iterations | candidates | mean return | episodes |',
    '|---|---|---|---|---|---|',
  ]
  means = {cell: mean_return(record) for cell, record in records.items()}
  for cell in sorted(means, key=means.__getitem__, reverse=True):
    lines.append(
      f'| {cell.horizon} | {cell.elites} ({cell.fraction:.0%}) | '
      f'{cell.iterations} | {cell.candidates} | {means[cell]:.0f} | '
      f'{len(records[cell]["results"])} |'
    )
  sessions = [x for record in records.values() for x in record['sessions']]
  common = _common(next(iter(records.values())))
  planner = ''.join(f', {k} = {x}' for k, x in common['planner'].items())
  lines += [
    '',
    f'Task {common["task"]}, seed {common["seed"]}{planner}; '
    f'{describe_origin(sessions)}.',
  ]
  return '\n'.join(lines) + '\n'


def _common(record: Record) -> Record:
  """Settings that all cells of a grid share."""
  planner = record['planner']
  shared = {k: x for k, x in planner.items() if k not in Cell._fields}
  return {**{name: record[name] for name in SETTINGS}, 'planner': shared}
