"""Cells of the grid: settings of the planner and their returns."""

import itertools
import pathlib
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from planet_tf.analysis.provenance import describe_sessions
from planet_tf.analysis.simulator_records import (
  SETTINGS,
  Record,
  RecordError,
  find_difference,
  read_record,
)
from planet_tf.errors import UserError


class GridError(UserError):
  """Settings of a grid that do not fit together."""


class Cell(NamedTuple):
  """Settings of the planner.

  Attributes:
    horizon: Planning horizon H in decisions.
    elites: Number of elites K.
    iterations: Number of iterations I.
    candidates: Number of candidates J in each iteration.
  """

  horizon: int
  elites: int
  iterations: int
  candidates: int

  @property
  def fraction(self) -> float:
    """Fraction of elites, K / J."""
    return self.elites / self.candidates

  @property
  def name(self) -> str:
    """File name without its suffix."""
    return (
      f'h{self.horizon}_k{self.elites}_i{self.iterations}_j{self.candidates}'
    )

  @property
  def params(self) -> tuple[str, ...]:
    """gin bindings."""
    return tuple(f'make_planner.{k} = {v}' for k, v in self._asdict().items())

  @property
  def cost(self) -> int:
    """Number of simulated decisions for each decision of the agent."""
    return self.horizon * self.iterations * self.candidates


def make_cells(
  horizons: Sequence[int],
  fractions: Sequence[float],
  iterations: Sequence[int],
  candidates: Sequence[int],
) -> list[Cell]:
  """Returns all combinations, the cheapest first.

  Raises:
    GridError: If a fraction gives no elites, or more elites than candidates.
  """
  cells = set()
  product = itertools.product(horizons, fractions, iterations, candidates)
  for horizon, fraction, count, size in product:
    elites = round(fraction * size)
    if not 1 <= elites <= size:
      raise GridError(
        f'--elite_fractions={fraction:g} of {size} candidates gives {elites} '
        f'elites; choose a fraction that gives between 1 and {size}.'
      )
    cells.add(Cell(horizon, elites, count, size))
  return sorted(cells, key=lambda cell: (cell.cost, cell))


def read_cells(folder: pathlib.Path, asked: Record) -> dict[Cell, Record]:
  """Reads the records of all cells that have an episode.

  Args:
    folder: Folder of the files of tools.true_simulator.
    asked: Expected settings. Those in `Cell` are ignored.

  Raises:
    RecordError: If a file is something else, or has other settings.
  """
  result = {}
  for path in sorted(folder.glob('h*_k*_i*_j*.json')):
    record = read_record(path)
    difference = find_difference(_common(record), _common(asked))
    if difference:
      raise RecordError(
        f'{str(path)!r} has other settings ({difference}); choose another '
        '--output.'
      )
    if record['results']:
      result[Cell(*(record['planner'][x] for x in Cell._fields))] = record
  return result


def mean_return(record: Record) -> float:
  """Returns the mean return of the episodes."""
  return statistics.fmean(result['return'] for result in record['results'])


def cells_markdown(records: Mapping[Cell, Record]) -> str:
  """Returns the cells as a table, the best first, with their provenance."""
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
    f'{describe_sessions(sessions)}.',
  ]
  return '\n'.join(lines) + '\n'


def _common(record: Record) -> Record:
  """Returns the settings that all cells of a grid share."""
  planner = record['planner']
  shared = {k: x for k, x in planner.items() if k not in Cell._fields}
  return {**{name: record[name] for name in SETTINGS}, 'planner': shared}
