"""Runs the cells of a grid that are missing."""

import pathlib
import re
import subprocess
import sys
from collections.abc import Sequence

from planet_tf.analysis.planner_grid.cells import Cell, read_cells
from planet_tf.analysis.planner_grid.figure import write_grid
from planet_tf.analysis.simulator_records import Record
from planet_tf.cli import UsageError
from planet_tf.errors import UserError


class CellFailed(UserError):
  """A cell ended with an error, which it has printed."""


def run_grid(
  cells: Sequence[Cell],
  asked: Record,
  episodes: int,
  output: pathlib.Path,
  files: Sequence[str],
  params: Sequence[str],
) -> dict[Cell, Record]:
  """Runs the cells that lack episodes, each in a separate process.

  Args:
    cells: The cells, in the order in which they run.
    asked: Settings of all cells; see `parse_settings`.
    episodes: Number of episodes of each cell.
    output: Folder for the records, and for the table and figure of all
      records, which are written again after each cell.
    files: gin files of all cells.
    params: gin bindings of all cells.

  Returns:
    Records of all cells in the folder.

  Raises:
    CellFailed: If a cell ends with an error.
  """
  done = read_cells(output, asked)
  counts = {cell: len(record['results']) for cell, record in done.items()}
  cells = [cell for cell in cells if counts.get(cell, 0) < episodes]
  total, spent = sum(cell.cost for cell in cells), 0
  for number, cell in enumerate(cells):
    print(
      f'Cell {number + 1} of {len(cells)}, {spent / total:.0%} of the work '
      f'done: {", ".join(cell.params)}',
      file=sys.stderr,
    )
    command = [
      *(sys.executable, '-m', 'tools.true_simulator'),
      f'--task={asked["task"]}',
      f'--episodes={episodes}',
      f'--seed={asked["seed"]}',
      f'--output={output / cell.name}.json',
      *(f'--gin_file={name}' for name in files),
      *(f'--gin_param={text}' for text in (*params, *cell.params)),
    ]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
      raise CellFailed(
        f'The cell {cell.name} failed; its message is above. The same command '
        'continues with it.'
      )
    spent += cell.cost
    write_grid(output, read_cells(output, asked))
  records = read_cells(output, asked)
  write_grid(output, records)
  return records


def check_params(params: Sequence[str]) -> None:
  """Raises a UsageError if a binding is one that the cells override."""
  for name in Cell._fields:
    if any(re.match(rf'\s*make_planner\.{name}\s*=', x) for x in params):
      raise UsageError(
        f'--gin_param=make_planner.{name} has no effect here; set the cells '
        'with --horizons, --elite_fractions, --iterations and --candidates.'
      )
