"""Scores CEM with the true simulator: no learning, no images.

Examples:

    python -m tools.true_simulator --task=cheetah_run --episodes=5 \\
        --output=cheetah.json --video=cheetah.mp4
    python -m tools.true_simulator --task=cheetah_run --output=short.json \\
        --gin_param=make_planner.horizon=6

The planner is that of planet.gin, the paper's. Each episode is written when it
is over, and the same command goes on after the last one. Source: paper, table
1 and figure 12.
"""

import json
import pathlib
import sys
import time
from collections.abc import Sequence

import numpy as np
from absl import flags

from planet_tf import cli
from planet_tf.logs.progress import progress_bar

cli.start_tensorflow()

from planet_tf.config.factories import make_planner, open_envs
from planet_tf.logs.video import SUFFIXES, enlarge, write_video
from planet_tf.runs.atomic_files import atomic_write_json
from planet_tf.runs.provenance import describe_session
from planet_tf.training.scores import (
  Scores,
  describe_returns,
  returns_of,
  run_episodes,
)
from planet_tf.true_simulator.policy import SimulatorPolicy, check_task
from tools.simulator_record import (
  Record,
  find_difference,
  parse_settings,
  read_record,
)

FLAGS = flags.FLAGS

flags.DEFINE_string('task', None, 'Name of the task, one of the paper.')
flags.DEFINE_integer('episodes', 1, 'Number of episodes.', lower_bound=1)
flags.DEFINE_integer('seed', 0, 'Seed of the episodes.', lower_bound=0)
flags.DEFINE_string('output', None, 'JSON file to write the scores to.')
flags.DEFINE_string(
  'video', None, 'GIF or MP4 file for the first episode that is run.'
)
cli.define_gin_flags('planet.gin')


def main() -> int:
  """Runs the episodes that are missing and prints the scores."""
  for path in (FLAGS.video, FLAGS.output):
    cli.require_writable(path)
  cli.require_suffix('video', SUFFIXES)
  check_task(FLAGS.task)
  asked = parse_settings(
    FLAGS.task, FLAGS.seed, FLAGS.gin_file, FLAGS.gin_param
  )
  record = _resume(asked)
  if len(record['results']) < FLAGS.episodes:
    _run_missing(record)
  returns = [result['return'] for result in record['results']]
  print(json.dumps(describe_returns(returns), indent=2))
  return 0


def _run_missing(record: Record) -> None:
  """Runs the episodes that a record lacks, and adds them."""
  record['sessions'].append(describe_session())
  planner = make_planner()
  done = len(record['results'])
  with open_envs([FLAGS.task]) as opened:
    envs = opened[FLAGS.task]
    repeat = record['action_repeat'] = envs.action_repeat

    def make_policy(seed: np.ndarray, seeds: Sequence[int]) -> SimulatorPolicy:
      return SimulatorPolicy(FLAGS.task, planner, seeds, seed, repeat)

    total = FLAGS.episodes * envs.duration
    with progress_bar(
      desc=FLAGS.task,
      total=total,
      initial=done * envs.duration,
      unit='decision',
    ) as bar:
      for index in range(done, FLAGS.episodes):
        scores = run_episodes(
          make_policy, envs, index + 1, FLAGS.seed, bar.update, first=index
        )
        result = _describe(scores, index)
        record['results'].append(result)
        _write(record)
        text = f'episode {index}: return {result["return"]:.1f}'
        bar.write(text, file=sys.stderr)
        if FLAGS.video and index == done:
          frames = enlarge(scores.episodes[0]['image'])
          write_video(pathlib.Path(FLAGS.video), frames, 20.0)


def _resume(asked: Record) -> Record:
  """What is in the output file, if it is of the same settings."""
  path = FLAGS.output and pathlib.Path(FLAGS.output)
  if not path or not path.exists():
    return {**asked, 'sessions': [], 'results': []}
  record = read_record(path)
  difference = find_difference(record, asked)
  if difference:
    raise cli.UsageError(
      f'--output={path} holds episodes with other settings ({difference}); '
      'choose another file.'
    )
  if len(record['results']) >= FLAGS.episodes:
    print(
      f'Note: no episode is missing in {path}, so none is run'
      f'{f" and none shown in {FLAGS.video}" if FLAGS.video else ""}; choose '
      'another --output to run them anew.',
      file=sys.stderr,
    )
  return record


def _describe(scores: Scores, index: int) -> Record:
  (seed,), (value,) = scores.seeds, returns_of(scores.episodes)
  return {
    'episode': index,
    'seed': seed,
    'return': value,
    'decisions': scores.decisions,
    'seconds_per_decision': scores.policy_seconds / scores.decisions,
    'finished': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
  }


def _write(record: Record) -> None:
  if FLAGS.output:
    atomic_write_json(pathlib.Path(FLAGS.output), record)


if __name__ == '__main__':
  cli.run(main, 'task')
