"""Evaluates the agent of a run or of a SavedModel, without exploration noise.

Examples:

    python -m planet_tf.evaluate --logdir=runs/cartpole_swingup --episodes=10 \\
        --video=cartpole.mp4 --output=scores.json
    python -m planet_tf.evaluate --saved_model=exported --policy=random

The video shows the first episode: the camera image, its reconstruction, and
predictions from actions alone, which start again every 50 decisions.
"""

import json
import pathlib

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Run directory of the agent.')
flags.DEFINE_string(
  'saved_model', None, 'SavedModel of the agent, instead of --logdir.'
)
flags.DEFINE_string(
  'checkpoint',
  None,
  'Path of a checkpoint of the run; the latest by default.',
)
flags.DEFINE_enum(
  'policy',
  'agent',
  ['agent', 'random', 'simulator'],
  'Policy that chooses the actions; `simulator` plans with the true simulator.',
)
flags.DEFINE_string(
  'task', None, 'One task of an agent that has several; all by default.'
)
flags.DEFINE_integer(
  'episodes', 10, 'Number of episodes of each task.', lower_bound=1
)
flags.DEFINE_integer('seed', 0, 'Seed of the episodes.', lower_bound=0)
flags.DEFINE_string(
  'video',
  None,
  'GIF or MP4 file of the first episode; one file per task if there are '
  'several.',
)
flags.DEFINE_string('output', None, 'JSON file to write the scores to.')
cli.define_gin_flags("the agent's configuration")


def main() -> int:
  """Runs the episodes and prints the scores."""
  from planet_tf import scoring
  from planet_tf.logs.video import SUFFIXES

  cli.require_one_of('logdir', 'saved_model')
  if FLAGS.saved_model and FLAGS.checkpoint:
    raise cli.UsageError('--checkpoint is for --logdir; leave it out.')
  for path in (FLAGS.video, FLAGS.output):
    cli.require_writable(path)
  cli.require_suffix('video', SUFFIXES)
  agent = scoring.load(
    FLAGS.policy,
    logdir=FLAGS.logdir,
    checkpoint=FLAGS.checkpoint,
    saved_model=FLAGS.saved_model,
    files=FLAGS.gin_file,
    params=FLAGS.gin_param,
  )
  record = scoring.score(
    agent,
    FLAGS.policy,
    task=FLAGS.task,
    episodes=FLAGS.episodes,
    seed=FLAGS.seed,
    output=FLAGS.output and pathlib.Path(FLAGS.output),
    video=FLAGS.video and pathlib.Path(FLAGS.video),
  )
  print(json.dumps(record, indent=2))
  return 0


if __name__ == '__main__':
  cli.run(main)
