"""Command line of the learning curve.

Example:

    python -m tools.curve --logdir=runs/cartpole_swingup \\
        --output=results/cartpole_swingup
"""

import json
import pathlib
import shutil
from collections.abc import Sequence

from absl import flags

from planet_tf import cli
from planet_tf.cli import UsageError

cli.start_tensorflow()

from planet_tf.logs.metric_names import metric_suffix
from planet_tf.runs.atomic_files import atomic_write_json
from planet_tf.runs.loading import read_task
from tools.curve.picture import draw
from tools.curve.rows import Row, read_rows, write_csv
from tools.curve.summary import summarize

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Run directory of the training run.')
flags.DEFINE_string(
  'output',
  None,
  'Folder to write to, such as results/NAME; made if need be. For an agent of '
  'several tasks it gets a folder for each.',
)

# operative_config.gin is written with the first planned episode.
COPIES = ('config.gin', 'operative_config.gin', 'versions.json')


def main() -> int:
  """Reads the run and writes the files; training may go on meanwhile."""
  logdir = pathlib.Path(FLAGS.logdir).expanduser()
  output = pathlib.Path(FLAGS.output).expanduser()
  tasks = list(read_task(logdir)['tasks'])
  for task in tasks:
    folder = output / task if len(tasks) > 1 else output
    rows = read_rows(logdir, 'return' + metric_suffix((task, tasks)))
    summary = summarize(logdir, task, rows)
    try:
      _write(logdir, folder, rows, summary)
    except OSError as error:
      raise UsageError(
        f'Cannot write to {str(folder)!r} ({error.strerror}); choose another '
        '--output.'
      ) from error
    print(json.dumps(summary, indent=2))
  return 0


def _write(
  logdir: pathlib.Path,
  output: pathlib.Path,
  rows: Sequence[Row],
  summary: dict[str, object],
) -> None:
  output.mkdir(parents=True, exist_ok=True)
  write_csv(output / 'curve.csv', rows)
  atomic_write_json(output / 'summary.json', summary)
  draw(output / 'curve.png', rows, summary)
  for name in COPIES:
    if (logdir / name).exists():
      shutil.copyfile(logdir / name, output / name)


if __name__ == '__main__':
  cli.run(main, 'logdir', 'output')
