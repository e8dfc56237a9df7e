"""Command line of the grid.

Examples:

    python -m tools.planner_grid --output=figure12
    python -m tools.planner_grid --output=figure12 --candidates=100,300 \\
        --horizons=6,12 --elite_fractions=0.1 --iterations=3,10 --episodes=3

Runs tools.true_simulator for each combination, the cheapest first, and writes
its scores, and after each the table and heat maps of all that the folder has:
figure12.md, figure12.png and figure12.svg. The same command goes on with what
is missing. By default it is the whole grid of figure 12 of the paper: 320
cells, half a day on two cores.
"""

import math
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from absl import flags

from planet_tf import cli

cli.start_tensorflow()

from planet_tf.runs.atomic_files import atomic_write
from planet_tf.true_simulator.policy import check_task
from tools.planner_grid import figure
from tools.planner_grid.cells import (
  Cell,
  make_cells,
  markdown,
  mean_return,
  read_records,
)
from tools.simulator_record import Record, parse_settings

FLAGS = flags.FLAGS

flags.DEFINE_string('output', None, 'Folder to write to; made if need be.')
flags.DEFINE_string('task', 'cheetah_run', 'Name of the task.')
flags.DEFINE_list('horizons', '6,8,10,12,14', 'Decisions planned ahead.')
flags.DEFINE_list(
  'elite_fractions', '0.05,0.1,0.3,0.5', 'Elites by candidates.'
)
flags.DEFINE_list('iterations', '3,5,10,15', 'Iterations.')
flags.DEFINE_list(
  'candidates', '100,300,500,1000', 'Candidates of each iteration.'
)
flags.DEFINE_integer(
  'episodes', 1, 'Number of episodes of each cell.', lower_bound=1
)
flags.DEFINE_integer('seed', 0, 'Seed of the episodes.', lower_bound=0)
cli.define_gin_flags('planet.gin')

_Number = TypeVar('_Number', int, float)


def main() -> int:
  """Runs what is missing, then writes the table and the picture."""
  cli.require_writable_folder(FLAGS.output)
  check_task(FLAGS.task)
  cells = make_cells(
    _numbers('horizons', int),
    _numbers('elite_fractions', float),
    _numbers('iterations', int),
    _numbers('candidates', int),
  )
  _check_varied(FLAGS.gin_param)
  asked = parse_settings(
    FLAGS.task, FLAGS.seed, FLAGS.gin_file, FLAGS.gin_param
  )
  output = pathlib.Path(FLAGS.output).expanduser()
  output.mkdir(parents=True, exist_ok=True)
  done = read_records(output, asked)
  counts = {cell: len(record['results']) for cell, record in done.items()}
  cells = [cell for cell in cells if counts.get(cell, 0) < FLAGS.episodes]
  total, spent = sum(cell.cost for cell in cells), 0
  for number, cell in enumerate(cells):
    print(
      f'Cell {number + 1} of {len(cells)}, {spent / total:.0%} of the work '
      f'done: {", ".join(cell.params)}',
      file=sys.stderr,
    )
    code = _run(cell, output)
    if code:
      return code
    spent += cell.cost
    _write(output, read_records(output, asked))
  records = read_records(output, asked)
  _write(output, records)
  print(markdown(records))
  print(f'Written to {output}.')
  return 0


def _write(output: pathlib.Path, records: Mapping[Cell, Record]) -> None:
  atomic_write(output / 'figure12.md', markdown(records))
  means = {cell: mean_return(record) for cell, record in records.items()}
  planner = next(iter(records.values()))['planner']
  refit = 'clipped' if planner['refit_clipped'] else 'as drawn'
  drawn = figure.draw(
    means, f'CEM with the true simulator, {FLAGS.task}, elites {refit}'
  )
  for suffix in ('png', 'svg'):
    drawn.savefig(output / f'figure12.{suffix}', dpi=120)


def _run(cell: Cell, output: pathlib.Path) -> int:
  return subprocess.run(
    [
      sys.executable,
      '-m',
      'tools.true_simulator',
      f'--task={FLAGS.task}',
      f'--episodes={FLAGS.episodes}',
      f'--seed={FLAGS.seed}',
      f'--output={output / cell.name}.json',
      *(f'--gin_file={name}' for name in FLAGS.gin_file),
      *(f'--gin_param={text}' for text in (*FLAGS.gin_param, *cell.params)),
    ],
    stdout=subprocess.DEVNULL,
    check=False,
  ).returncode


def _check_varied(params: Sequence[str]) -> None:
  """Refuses bindings that the cells would override."""
  for name in Cell._fields:
    if any(re.match(rf'\s*make_planner\.{name}\s*=', x) for x in params):
      raise cli.UsageError(
        f'--gin_param=make_planner.{name} has no effect here; name the cells '
        'by --horizons, --elite_fractions, --iterations and --candidates.'
      )


def _numbers(flag: str, kind: Callable[[str], _Number]) -> Sequence[_Number]:
  texts = FLAGS[flag].value
  try:
    numbers = [kind(text) for text in texts]
  except ValueError:
    numbers = []
  if not numbers or not all(0 < number < math.inf for number in numbers):
    raise cli.UsageError(
      f'--{flag}={",".join(texts)} must be positive numbers.'
    )
  return numbers


if __name__ == '__main__':
  cli.run(main, 'output')
