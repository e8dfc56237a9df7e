"""Command line of the curves.

Examples:

    python -m tools.plot_runs --logdirs='runs/*' --output=curves
    python -m tools.plot_runs --logdirs=runs/cheetah --x=hours \\
        --metrics='return,open_loop_image_error/*' --output=curves

writes curves.png and curves.svg.
"""

import glob
import os
import pathlib

from absl import flags

from planet_tf import cli

cli.start_tensorflow()

from planet_tf.logs.recorder import FILE
from tools.plot_runs.figure import METRICS, draw, read_run

FLAGS = flags.FLAGS

flags.DEFINE_string('logdirs', None, 'Glob of run directories.')
flags.DEFINE_string('output', None, 'Files to write, without .png and .svg.')
flags.DEFINE_string(
  'metrics',
  ','.join(METRICS),
  'Names or globs of metrics, with commas in between.',
)
flags.DEFINE_enum(
  'x',
  'episodes',
  ['episodes', 'updates', 'env_steps', 'hours'],
  'What the horizontal axis counts.',
)
flags.DEFINE_integer(
  'window', 10, 'Episodes whose median the return of training data is.'
)


def main() -> int:
  """Reads the runs and draws them."""
  cli.require_writable(f'{FLAGS.output}.png')
  pattern = str(pathlib.Path(FLAGS.logdirs).expanduser())
  runs = {
    path: read_run(pathlib.Path(path))
    for path in sorted(glob.glob(pattern))
    if (pathlib.Path(path) / FILE).is_file()
  }
  if not runs:
    raise cli.UsageError(
      f'--logdirs={FLAGS.logdirs} matches no run directory with {FILE}.'
    )
  if len(runs) > 1:
    common = os.path.commonpath(runs) or '.'
    runs = {os.path.relpath(x, common): lines for x, lines in runs.items()}
  figure = draw(runs, FLAGS.metrics.split(','), FLAGS.x, FLAGS.window)
  for suffix in ('png', 'svg'):
    figure.savefig(f'{FLAGS.output}.{suffix}', dpi=120)
    print(f'Wrote {FLAGS.output}.{suffix}.')
  return 0


if __name__ == '__main__':
  cli.run(main, 'logdirs', 'output')
