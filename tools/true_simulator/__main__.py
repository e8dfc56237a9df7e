"""Evaluates CEM with the true simulator: no learning, no images.

Examples:

    python -m tools.true_simulator --task=cheetah_run --episodes=5 \\
        --output=cheetah.json --video=cheetah.mp4
    python -m tools.true_simulator --task=cheetah_run --output=short.json \\
        --gin_param=make_planner.horizon=6

The planner is that of planet.gin, as in the paper. Each episode is written when
it ends, and the same command continues after the last one. Source: paper, table
1 and figure 12.
"""

import json
import pathlib
import sys

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('task', None, 'Name of a task of the paper.')
flags.DEFINE_integer('episodes', 1, 'Number of episodes.', lower_bound=1)
flags.DEFINE_integer('seed', 0, 'Seed of the episodes.', lower_bound=0)
flags.DEFINE_string(
  'output', None, 'JSON file for the returns; by default they are only printed.'
)
flags.DEFINE_string(
  'video', None, 'GIF or MP4 file for the first episode of this command.'
)
cli.define_gin_flags('planet.gin')


def main() -> int:
  """Runs the missing episodes and prints statistics of all."""
  from planet_tf.logs.video import SUFFIXES
  from planet_tf.training.scores import describe_returns
  from planet_tf.true_simulator.policy import check_task
  from tools.true_simulator.episodes import resume, run_missing
  from tools.true_simulator.settings import parse_settings

  for path in (FLAGS.video, FLAGS.output):
    cli.require_writable(path)
  cli.require_suffix('video', SUFFIXES)
  check_task(FLAGS.task)
  asked = parse_settings(
    FLAGS.task, FLAGS.seed, FLAGS.gin_file, FLAGS.gin_param
  )
  output, video = (
    pathlib.Path(path) if path else None for path in (FLAGS.output, FLAGS.video)
  )
  record = resume(asked, output)
  if len(record['results']) < FLAGS.episodes:
    run_missing(record, FLAGS.episodes, output, video)
  else:
    print(
      f'Note: {output} already has {len(record["results"])} episodes, so none '
      f'is run{f" and {video} is not written" if video else ""}; choose '
      'another --output to run them again.',
      file=sys.stderr,
    )
  returns = [result['return'] for result in record['results']]
  print(json.dumps(describe_returns(returns), indent=2))
  return 0


if __name__ == '__main__':
  cli.run(main, 'task')
