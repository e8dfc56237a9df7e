"""Writes a report about a run: one HTML page that needs no network.

Examples:

    python -m tools.report --logdir=runs/cheetah --output=cheetah.html
    python -m tools.report --logdir=runs/cheetah --output=cheetah.html \\
        --scores=scores.json

The page has curves, images, settings and versions. The run may still be
training.
"""

import pathlib

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Run directory.')
flags.DEFINE_string('output', None, 'HTML file to write.')
flags.DEFINE_multi_string(
  'scores',
  [],
  'JSON file of python -m planet_tf.evaluate --output=FILE to add; can be '
  'repeated.',
)


def main() -> int:
  """Reads the run and writes the page."""
  from planet_tf import analysis
  from planet_tf.errors import file_errors

  cli.require_writable(FLAGS.output)
  scores = [pathlib.Path(x).expanduser() for x in FLAGS.scores]
  text = analysis.render_report(analysis.read_content(FLAGS.logdir, scores))
  with file_errors('write', FLAGS.output):
    pathlib.Path(FLAGS.output).write_text(text)
  print(f'Wrote {FLAGS.output}: {len(text) / 1e6:.1f} MB.')
  return 0


if __name__ == '__main__':
  cli.run(main, 'logdir', 'output')
