"""Command line of the tables.

Examples:

    python -m tools.paper_tables --runs='runs/planet_*' --output=tables
    python -m tools.paper_tables --runs=PlaNet='runs/planet_*' \\
        --runs=SSM='runs/ssm_*' --output=tables
    python -m tools.paper_tables --output=tables \\
        --runs='true simulator=results/true_simulator/*.json'
    python -m tools.paper_tables --output=tables --runs=H12='runs/planet_*' \\
        --runs=H@horizon6='runs/planet_*'

Each --runs is a group of runs that differ in seed and task alone: a row of
table 1 and a line in the curves. It takes run directories, or files that
tools.true_simulator has written. LABEL@PLANNER takes the tests of one of
several planners that runs have tested; without, the first. Written are table1,
aggregates and efficiency (.md, .csv, .tex), and of runs that learn curves
(.png, .svg, .csv).
"""

import pathlib
import sys
from collections.abc import Sequence

from absl import flags

from planet_tf import cli

cli.start_tensorflow()

from planet_tf.runs.atomic_files import atomic_write
from tools.paper_tables import aggregates, curves, efficiency, table
from tools.paper_tables.formats import csv_text
from tools.paper_tables.groups import Group, read_groups
from tools.paper_tables.published import (
  PublishedRow,
  read_factors,
  read_published,
)

FLAGS = flags.FLAGS

flags.DEFINE_multi_string(
  'runs',
  None,
  'Glob of the runs of a group, LABEL=GLOB or LABEL@PLANNER=GLOB.',
)
flags.DEFINE_string('output', None, 'Folder to write to; made if need be.')


def main() -> int:
  """Reads all runs and writes the files."""
  cli.require_writable_folder(FLAGS.output)
  groups = read_groups(FLAGS.runs)
  published = read_published()
  output = pathlib.Path(FLAGS.output).expanduser()
  output.mkdir(parents=True, exist_ok=True)
  tables = {
    'table1': table.make_table(table.make_rows(published, groups), groups),
    'aggregates': aggregates.make_table(groups),
    'efficiency': efficiency.make_table(groups, published, read_factors()),
  }
  for name, content in tables.items():
    content.write(output, name)
  _write_curves(output, groups, published)
  print(tables['table1'].markdown())
  for group in groups:
    for note in group.notes:
      print(f'Note: {group.label}: {note}.', file=sys.stderr)
  print(f'Written to {output}.')
  return 0


def _write_curves(
  output: pathlib.Path,
  groups: Sequence[Group],
  published: Sequence[PublishedRow],
) -> None:
  """Writes curves of the groups that learn, in place of earlier ones."""
  for suffix in ('png', 'svg', 'csv'):
    (output / f'curves.{suffix}').unlink(missing_ok=True)
  learning = [x for x in groups if any(len(r.scores) > 1 for r in x.runs)]
  if not learning:
    return
  figure = curves.draw(learning, published)
  for suffix in ('png', 'svg'):
    path = output / f'curves.{suffix}'
    figure.savefig(path, dpi=120, bbox_inches='tight')
  atomic_write(output / 'curves.csv', csv_text(curves.records(learning)))
  several = any(len(group.tasks) > 1 for group in learning)
  if len(learning) > 1 and several and not curves.have_averages(learning):
    print(
      'Note: no averages over tasks are drawn, as the groups have other tasks '
      'or no tests after equally many updates.',
      file=sys.stderr,
    )


if __name__ == '__main__':
  cli.run(main, 'runs', 'output')
