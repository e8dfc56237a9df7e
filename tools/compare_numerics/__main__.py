"""Compares the learning of fast numerics with float32, on the same data.

Example:

    python -m tools.compare_numerics --episodes=RUN/train_episodes \\
        --gin_file=scale/cpu.gin --output=results/constructions

Trains in float32 and bfloat16, in one split and in one per core, from the same
weights and batches, and once in float32 with other noise. Writes losses.csv,
losses.png and summary.json, and prints the summary.
"""

import json
import pathlib

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('episodes', None, 'Folder of episode files to train on.')
flags.DEFINE_multi_string(
  'gin_file', [], 'gin file to read after planet.gin, such as scale/cpu.gin.'
)
flags.DEFINE_integer('updates', 500, 'Updates of each trial.', lower_bound=1)
flags.DEFINE_string('output', None, 'Folder to write to; created if necessary.')


def main() -> int:
  """Trains in all variants and prints the summary."""
  from tools.compare_numerics.comparison import compare

  cli.require_writable_folder(FLAGS.output)
  episodes, output = (
    pathlib.Path(path).expanduser() for path in (FLAGS.episodes, FLAGS.output)
  )
  summary = compare(episodes, FLAGS.gin_file, FLAGS.updates, output)
  print(json.dumps(summary, indent=2))
  return 0


if __name__ == '__main__':
  cli.run(main, 'episodes', 'output')
