"""Makes the tables and learning curves of the paper from run directories.

Examples:

    python -m tools.paper_tables --runs='runs/planet_*' --output=tables
    python -m tools.paper_tables --runs=PlaNet='runs/planet_*' \\
        --runs=SSM='runs/ssm_*' --output=tables
    python -m tools.paper_tables --output=tables \\
        --runs='true simulator=results/true_simulator/*.json'
    python -m tools.paper_tables --output=tables --runs=H12='runs/planet_*' \\
        --runs=H@horizon6='runs/planet_*'

Each --runs is a group of runs that differ only in seed and task: a row of
table 1 and a line in the curves. Writes table1, aggregates and efficiency (.md,
.csv, .tex), and curves (.png, .svg, .csv) of groups with several evaluations.
"""

import pathlib
import sys

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_multi_string(
  'runs',
  None,
  'Group of runs: GLOB, LABEL=GLOB or LABEL@PLANNER=GLOB of run directories, '
  'or of files of tools.true_simulator; can be repeated. PLANNER is a name in '
  'train.evaluations, by default the first.',
)
flags.DEFINE_string('output', None, 'Folder to write to; created if necessary.')


def main() -> int:
  """Reads the runs and writes the files."""
  from planet_tf import analysis

  cli.require_writable_folder(FLAGS.output)
  groups = analysis.read_groups(FLAGS.runs)
  output = pathlib.Path(FLAGS.output).expanduser()
  notes = analysis.write_paper(groups, output)
  print((output / 'table1.md').read_text())
  for note in notes:
    print(f'Note: {note}.', file=sys.stderr)
  print(f'Wrote the tables to {output}.')
  return 0


if __name__ == '__main__':
  cli.run(main, 'runs', 'output')
