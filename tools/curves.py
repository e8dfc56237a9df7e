"""Draws the curves of one or several runs, or keeps the result of runs.

Examples:

    python -m tools.curves --logdirs='runs/*' --output=curves
    python -m tools.curves --logdirs=runs/cheetah --x=hours --output=cheetah \\
        --metrics='return,open_loop_image_error/*'
    python -m tools.curves --logdirs=runs/cheetah --results=results/cheetah

--output=NAME writes NAME.png and NAME.svg, a figure of metrics of all runs.
--results=FOLDER writes curve.csv (return of each episode), curve.png (learning
curve), summary.json and copies of the configuration, and prints the summary.
Runs may still be training.
"""

import json
import pathlib

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('logdirs', None, 'Glob of run directories.')
flags.DEFINE_string('output', None, 'Figure to write, without .png and .svg.')
flags.DEFINE_string(
  'results',
  None,
  'Folder for CSV, learning curve and summary, such as results/cheetah. '
  'Several runs, and several tasks of one agent, get a folder each.',
)
flags.DEFINE_list(
  'metrics',
  None,
  'Names or globs of the metrics of the figure, separated by commas; by '
  'default return, losses, divergence and open-loop error. docs/METRICS.md '
  'lists all.',
)
flags.DEFINE_enum(
  'x',
  'episodes',
  ['episodes', 'updates', 'env_steps', 'hours'],
  'Horizontal axis of the figure.',
)
flags.DEFINE_integer(
  'window',
  10,
  'Number of training episodes in the running median of returns in the figure.',
  lower_bound=1,
)


def main() -> int:
  """Reads the runs and writes the files."""
  from planet_tf import analysis
  from planet_tf.analysis.curves.metrics_figure import METRICS
  from planet_tf.errors import file_errors

  if not FLAGS.output and not FLAGS.results:
    raise cli.UsageError('Give --output or --results; see --help.')
  if FLAGS.output:
    cli.require_writable(f'{FLAGS.output}.png')
  if FLAGS.results:
    cli.require_writable_folder(FLAGS.results)
  runs = analysis.read_runs(FLAGS.logdirs)
  if FLAGS.results:
    folder = pathlib.Path(FLAGS.results).expanduser()
    for name, run in runs.items():
      target = folder / name if len(runs) > 1 else folder
      for summary in analysis.write_learning_curve(run, target).values():
        print(json.dumps(summary, indent=2))
  if FLAGS.output:
    records = {name: run.records for name, run in runs.items()}
    metrics = FLAGS.metrics or METRICS
    figure = analysis.draw_metrics(records, metrics, FLAGS.x, FLAGS.window)
    for suffix in ('png', 'svg'):
      path = f'{FLAGS.output}.{suffix}'
      with file_errors('write', path):
        figure.savefig(path, dpi=120)
      print(f'Wrote {path}.')
  return 0


if __name__ == '__main__':
  cli.run(main, 'logdirs')
