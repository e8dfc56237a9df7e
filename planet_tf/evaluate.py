"""Scores the agent of a run, without exploration noise.

Example:

    python -m planet_tf.evaluate --logdir=runs/cartpole_swingup --episodes=10 \\
        --video=cartpole.gif --output=scores.json
"""

import json
import pathlib

from absl import flags
from tqdm import tqdm

from planet_tf import command_line
from planet_tf.training import evaluation
from planet_tf.training.factories import make_envs
from planet_tf.training.run_directory import load_run, read_task
from planet_tf.training.summaries import encode_gif

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Run directory of the agent.')
flags.DEFINE_string(
  'checkpoint', None, 'Path of one checkpoint; the latest by default.'
)
flags.DEFINE_integer('episodes', 10, 'Number of episodes.', lower_bound=1)
flags.DEFINE_integer('seed', 0, 'Seed of the episodes.', lower_bound=0)
flags.DEFINE_string('video', None, 'GIF file to write the first episode to.')
flags.DEFINE_string('output', None, 'JSON file to write the scores to.')


def main(arguments: list[str]) -> int:
  """Runs the episodes and prints the scores."""
  command_line.expect_no_arguments(arguments)
  command_line.require('logdir')
  for path in (FLAGS.video, FLAGS.output):
    command_line.require_writable(path)
  if FLAGS.video and not FLAGS.video.endswith('.gif'):
    raise command_line.UsageError(
      f'--video={FLAGS.video} must end in .gif, the format that is written.'
    )
  agent, counters = load_run(FLAGS.logdir, FLAGS.checkpoint)
  with make_envs(read_task(FLAGS.logdir)['task']) as envs:
    rounds = -(-FLAGS.episodes // envs.count)
    with tqdm(total=rounds * envs.duration, unit='decision') as bar:
      episodes = evaluation.run_episodes(
        agent, envs, FLAGS.episodes, FLAGS.seed, on_decision=bar.update
      )
  scores = evaluation.describe_returns(evaluation.returns_of(episodes))
  run = {'logdir': FLAGS.logdir, 'updates': counters.updates}
  scores = {**run, 'seed': FLAGS.seed, **scores}
  text = json.dumps(scores, indent=2)
  print(text)
  if FLAGS.output:
    pathlib.Path(FLAGS.output).write_text(text + '\n')
  if FLAGS.video:
    frames = evaluation.video_frames(episodes[0])
    pathlib.Path(FLAGS.video).write_bytes(encode_gif(frames, rate=20.0))
  return 0


if __name__ == '__main__':
  command_line.run(main)
