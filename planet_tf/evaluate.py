"""Scores the agent of a run, without exploration noise.

Example:

    python -m planet_tf.evaluate --logdir=runs/cartpole_swingup --episodes=10 \\
        --video=cartpole.gif --output=scores.json
"""

import json
import pathlib
from typing import TYPE_CHECKING

from absl import flags
from tqdm import tqdm

from planet_tf import command_line

if TYPE_CHECKING:
  from planet_tf.agent import PlanetAgent
  from planet_tf.control.simulate import Episode

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Run directory of the agent.')
flags.DEFINE_string(
  'checkpoint', None, 'Path of one checkpoint; the latest by default.'
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
  'GIF file to write the first episode to; with several tasks one file each.',
)
flags.DEFINE_string('output', None, 'JSON file to write the scores to.')


def main() -> int:
  """Runs the episodes and prints the scores."""
  from planet_tf.training import evaluation
  from planet_tf.training.run_directory import load_run
  from planet_tf.training.summaries import encode_gif

  for path in (FLAGS.video, FLAGS.output):
    command_line.require_writable(path)
  if FLAGS.video and not FLAGS.video.endswith('.gif'):
    raise command_line.UsageError(
      f'--video={FLAGS.video} must end in .gif, the format that is written.'
    )
  agent, counters = load_run(FLAGS.logdir, FLAGS.checkpoint)
  scores = {
    'logdir': FLAGS.logdir,
    'updates': counters.updates,
    'seed': FLAGS.seed,
    'tasks': {},
  }
  tasks = _tasks()
  for task in tasks:
    episodes = _run_episodes(agent, task)
    returns = evaluation.returns_of(episodes)
    scores['tasks'][task] = evaluation.describe_returns(returns)
    if FLAGS.video:
      frames = evaluation.video_frames(episodes[0])
      path = pathlib.Path(FLAGS.video)
      if len(tasks) > 1:
        path = path.with_stem(f'{path.stem}-{task}')
      path.write_bytes(encode_gif(frames, rate=20.0))
  text = json.dumps(scores, indent=2)
  print(text)
  if FLAGS.output:
    pathlib.Path(FLAGS.output).write_text(text + '\n')
  return 0


def _tasks() -> list[str]:
  """Names of the tasks to act in."""
  from planet_tf.training.run_directory import read_task

  known = list(read_task(FLAGS.logdir)['tasks'])
  if FLAGS.task is None:
    return known
  if FLAGS.task not in known:
    raise command_line.UsageError(
      f'--task={FLAGS.task} is none of the tasks of this run: '
      f'{", ".join(known)}.'
    )
  return [FLAGS.task]


def _run_episodes(agent: 'PlanetAgent', task: str) -> list['Episode']:
  from planet_tf.training import evaluation
  from planet_tf.training.factories import open_envs

  size = agent.model.action_size
  with open_envs([task], action_size=size) as opened:
    envs = opened[task]
    rounds = -(-FLAGS.episodes // envs.count)
    total = rounds * envs.duration
    with tqdm(desc=task, total=total, unit='decision') as bar:
      return evaluation.run_episodes(
        agent, envs, FLAGS.episodes, FLAGS.seed, on_decision=bar.update
      )


if __name__ == '__main__':
  command_line.run(main, 'logdir')
