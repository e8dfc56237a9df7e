"""Command line of the report.

Examples:

    python -m tools.report --logdir=runs/cheetah --output=cheetah.html
    python -m tools.report --logdir=runs/cheetah --output=cheetah.html \\
        --scores=scores.json

The page holds curves, pictures, settings and versions; the scores are what
`python -m planet_tf.evaluate --output=scores.json` has written.
"""

import pathlib

from absl import flags

from planet_tf import cli

cli.start_tensorflow()

from tools.report.content import read_content
from tools.report.page import render

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Run directory.')
flags.DEFINE_string('output', None, 'HTML file to write.')
flags.DEFINE_multi_string(
  'scores', [], 'JSON file that planet_tf.evaluate has written.'
)


def main() -> int:
  """Reads the run and writes the page; training may go on meanwhile."""
  cli.require_writable(FLAGS.output)
  logdir = pathlib.Path(FLAGS.logdir).expanduser()
  content = read_content(logdir, [pathlib.Path(x) for x in FLAGS.scores])
  text = render(content)
  pathlib.Path(FLAGS.output).write_text(text)
  print(f'Wrote {FLAGS.output}: {len(text) / 1e6:.1f} MB.')
  return 0


if __name__ == '__main__':
  cli.run(main, 'logdir', 'output')
