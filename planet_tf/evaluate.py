"""Scores the agent of a run or of a SavedModel, without exploration noise.

Examples:

    python -m planet_tf.evaluate --logdir=runs/cartpole_swingup --episodes=10 \\
        --video=cartpole.mp4 --output=scores.json
    python -m planet_tf.evaluate --saved_model=exported --policy=random

The video shows the first episode: what the agent saw, what the model makes of
it, and what it predicted from actions alone, anew every 50 decisions.
"""

import json
import pathlib
import sys
from typing import TYPE_CHECKING

from absl import flags

from planet_tf import cli
from planet_tf.logs.progress import progress_bar

if TYPE_CHECKING:
  from planet_tf.control.simulate import Envs, Episode
  from planet_tf.exporting.loaded_agent import Subject
  from planet_tf.training.scores import MakePolicy, Scores

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Run directory of the agent.')
flags.DEFINE_string(
  'saved_model', None, 'SavedModel of the agent, instead of --logdir.'
)
flags.DEFINE_string(
  'checkpoint',
  None,
  'Path of one checkpoint of the run; the latest by default.',
)
flags.DEFINE_enum(
  'policy',
  'agent',
  ['agent', 'random', 'simulator'],
  'What chooses the actions; the simulator plans as tools.true_simulator does.',
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
  'GIF or MP4 file for the first episode; with several tasks one file each.',
)
flags.DEFINE_string('output', None, 'JSON file to write the scores to.')
cli.define_gin_flags("the run's configuration")

# Facts of the agent that say nothing of other policies' scores.
_UNUSED = ('planner', 'precision', 'updates')


def main() -> int:
  """Runs the episodes and prints the scores."""
  from planet_tf.logs.video import SUFFIXES
  from planet_tf.runs.atomic_files import atomic_write_json
  from planet_tf.runs.provenance import describe_session

  cli.require_one_of('logdir', 'saved_model')
  if FLAGS.saved_model and FLAGS.checkpoint:
    raise cli.UsageError('--checkpoint is for --logdir; leave it out.')
  for path in (FLAGS.video, FLAGS.output):
    cli.require_writable(path)
  cli.require_suffix('video', SUFFIXES)
  subject = _read_subject()
  unused = _UNUSED if FLAGS.policy != 'agent' else ()
  record = {
    **{k: x for k, x in subject.facts.items() if k not in unused},
    **_check_simulator(subject),
    'policy': FLAGS.policy,
    'seed': FLAGS.seed,
    'session': describe_session(),
    'tasks': {},
  }
  for task in _tasks(subject):
    scores, side_by_side = _score(subject, task)
    facts = {**scores.describe(), 'environments': side_by_side}
    record['tasks'][task] = facts
    print(f'{task}: mean return {facts["mean"]:.1f}', file=sys.stderr)
    if FLAGS.output:
      atomic_write_json(pathlib.Path(FLAGS.output), record)
    if FLAGS.video:
      _write_video(subject, task, scores.episodes[0])
  print(json.dumps(record, indent=2))
  return 0


def _read_subject() -> 'Subject':
  """The agent that the flags name; replaces the current configuration."""
  from planet_tf.exporting import loaded_agent
  from planet_tf.true_simulator.policy import ONE_ENVIRONMENT

  params, free = FLAGS.gin_param, ['make_envs']
  if FLAGS.policy == 'simulator':
    params, free = [*params, *ONE_ENVIRONMENT], [*free, 'make_planner']
  if FLAGS.saved_model:
    return loaded_agent.from_saved_model(
      FLAGS.saved_model, FLAGS.gin_file, params, free
    )
  return loaded_agent.from_run(
    FLAGS.logdir, FLAGS.checkpoint, FLAGS.gin_file, params
  )


def _check_simulator(subject: 'Subject') -> dict[str, object]:
  """Settings of planning with the true simulator, if that is the policy."""
  from planet_tf.config.factories import make_planner
  from planet_tf.true_simulator.policy import check_task

  if FLAGS.policy != 'simulator':
    return {}
  if len(subject.tasks) > 1:
    raise cli.UsageError(
      '--policy=simulator is for agents of one task; see python -m '
      'tools.true_simulator.'
    )
  check_task(subject.tasks[0])
  return {'planner': make_planner().keywords}


def _tasks(subject: 'Subject') -> list[str]:
  """Names of the tasks to act in."""
  if FLAGS.task is None:
    return subject.tasks
  if FLAGS.task not in subject.tasks:
    raise cli.UsageError(
      f'--task={FLAGS.task} is none of the tasks of this agent: '
      f'{", ".join(subject.tasks)}.'
    )
  return [FLAGS.task]


def _make_policy(subject: 'Subject', task: str, envs: 'Envs') -> 'MakePolicy':
  """Makes the policies that --policy names."""
  from planet_tf.config.factories import make_planner
  from planet_tf.control.simulate import RandomPolicy, action_bounds
  from planet_tf.true_simulator.policy import SimulatorPolicy

  if FLAGS.policy == 'agent':
    return lambda seed, _: subject.agent.policy(seed)
  if FLAGS.policy == 'random':
    bounds = action_bounds(envs.action_spec)
    return lambda _, seeds: RandomPolicy(*bounds, seeds)
  planner, repeat = make_planner(), envs.action_repeat
  return lambda seed, seeds: SimulatorPolicy(task, planner, seeds, seed, repeat)


def _score(subject: 'Subject', task: str) -> 'tuple[Scores, int]':
  """Acts in one task; returns how, and how many environments at a time."""
  from planet_tf.config.factories import open_envs
  from planet_tf.training import scores

  with open_envs([task], action_size=subject.action_size) as opened:
    envs = opened[task]
    rounds = -(-FLAGS.episodes // envs.count)
    total = rounds * envs.duration
    with progress_bar(desc=task, total=total, unit='decision') as bar:
      make_policy = _make_policy(subject, task, envs)
      scores = scores.run_episodes(
        make_policy, envs, FLAGS.episodes, FLAGS.seed, bar.update
      )
    return scores, min(envs.count, FLAGS.episodes)


def _write_video(subject: 'Subject', task: str, episode: 'Episode') -> None:
  from planet_tf.exporting.episode_video import panels
  from planet_tf.logs.video import write_video

  path = pathlib.Path(FLAGS.video)
  if len(_tasks(subject)) > 1:
    path = path.with_stem(f'{path.stem}-{task}')
  write_video(path, panels(subject.functions, episode), rate=20.0)
  print(f'The video is {path}.', file=sys.stderr)


if __name__ == '__main__':
  cli.run(main)
