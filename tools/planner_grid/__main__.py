"""Evaluates the planner by its settings, as in figure 12 of the paper.

Examples:

    python -m tools.planner_grid --output=figure12
    python -m tools.planner_grid --output=figure12 --candidates=100,300 \\
        --horizons=6,12 --elite_fractions=0.1 --iterations=3,10 --episodes=3

Runs tools.true_simulator for each combination, the cheapest first. After each
it writes figure12.md, figure12.png and figure12.svg, the table and heat maps of
all cells in the folder. The same command continues with the missing cells. By
default it is the whole grid of figure 12: 320 cells, half a day on two cores.
"""

import math
import pathlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('output', None, 'Folder to write to; created if necessary.')
flags.DEFINE_string('task', 'cheetah_run', 'Name of a task of the paper.')
flags.DEFINE_list('horizons', '6,8,10,12,14', 'Planning horizons in decisions.')
flags.DEFINE_list(
  'elite_fractions', '0.05,0.1,0.3,0.5', 'Elites as fractions of candidates.'
)
flags.DEFINE_list('iterations', '3,5,10,15', 'Numbers of iterations.')
flags.DEFINE_list(
  'candidates', '100,300,500,1000', 'Numbers of candidates per iteration.'
)
flags.DEFINE_integer(
  'episodes', 1, 'Number of episodes of each cell.', lower_bound=1
)
flags.DEFINE_integer('seed', 0, 'Seed of the episodes.', lower_bound=0)
cli.define_gin_flags('planet.gin')

_Number = TypeVar('_Number', int, float)


def main() -> int:
  """Runs the missing cells and prints the table."""
  from planet_tf.analysis.planner_grid.cells import cells_markdown, make_cells
  from planet_tf.true_simulator.policy import check_task
  from tools.planner_grid.grid import check_params, run_grid
  from tools.true_simulator.settings import parse_settings

  cli.require_writable_folder(FLAGS.output)
  check_task(FLAGS.task)
  cells = make_cells(
    _numbers('horizons', int),
    _numbers('elite_fractions', float),
    _numbers('iterations', int),
    _numbers('candidates', int),
  )
  files, params = FLAGS.gin_file, FLAGS.gin_param
  check_params(params)
  asked = parse_settings(FLAGS.task, FLAGS.seed, files, params)
  output = pathlib.Path(FLAGS.output).expanduser()
  output.mkdir(parents=True, exist_ok=True)
  records = run_grid(cells, asked, FLAGS.episodes, output, files, params)
  print(cells_markdown(records))
  print(f'Wrote the table and the figure to {output}.')
  return 0


def _numbers(flag: str, kind: Callable[[str], _Number]) -> Sequence[_Number]:
  """Returns the numbers of a flag; raises a UsageError if some are not."""
  texts = FLAGS[flag].value
  try:
    numbers = [kind(text) for text in texts]
  except ValueError:
    numbers = []
  if not numbers or not all(0 < number < math.inf for number in numbers):
    raise cli.UsageError(
      f'--{flag}={",".join(texts)} must be positive numbers; see --help.'
    )
  return numbers


if __name__ == '__main__':
  cli.run(main, 'output')
