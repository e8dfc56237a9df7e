"""Runs episodes with the true simulator and keeps them in a file."""

import pathlib
import sys
import time
from collections.abc import Sequence

import numpy as np

from planet_tf.analysis.simulator_records import (
  Record,
  find_difference,
  read_record,
)
from planet_tf.cli import UsageError
from planet_tf.config.factories import make_planner, open_envs
from planet_tf.logs.progress import progress_bar
from planet_tf.logs.video import enlarge, write_video
from planet_tf.runs.atomic_files import atomic_write_json
from planet_tf.runs.provenance import describe_process
from planet_tf.training.scores import Scores, returns_of, run_episodes
from planet_tf.true_simulator.policy import SimulatorPolicy


def resume(asked: Record, path: pathlib.Path | None) -> Record:
  """Returns the record of earlier episodes, or an empty one.

  Args:
    asked: Settings of the episodes.
    path: File of the record; None to keep no file.

  Raises:
    UsageError: If the file has episodes with other settings.
  """
  if path is None or not path.exists():
    return {**asked, 'sessions': [], 'results': []}
  record = read_record(path)
  if difference := find_difference(record, asked):
    raise UsageError(
      f'--output={path} has episodes with other settings ({difference}); '
      'choose another file.'
    )
  return record


def run_missing(
  record: Record,
  count: int,
  output: pathlib.Path | None = None,
  video: pathlib.Path | None = None,
) -> None:
  """Runs the episodes that a record lacks and adds them to it.

  The planner and the environments come from the current configuration.

  Args:
    record: The record; see `resume`.
    count: Number of episodes that it is to have.
    output: File to write the record to after each episode.
    video: File for a video of the first of these episodes.
  """
  record['sessions'].append(describe_process())
  planner, task, seed = make_planner(), record['task'], record['seed']
  done = len(record['results'])
  with open_envs([task]) as opened:
    envs = opened[task]
    repeat = record['action_repeat'] = envs.action_repeat

    def make_policy(key: np.ndarray, seeds: Sequence[int]) -> SimulatorPolicy:
      return SimulatorPolicy(task, planner, seeds, key, repeat)

    with progress_bar(
      desc=task,
      total=count * envs.duration,
      initial=done * envs.duration,
      unit='decision',
    ) as bar:
      for index in range(done, count):
        scores = run_episodes(
          make_policy, envs, index + 1, seed, bar.update, first=index
        )
        result = _describe(scores, index)
        record['results'].append(result)
        if output:
          atomic_write_json(output, record)
        text = f'episode {index}: return {result["return"]:.1f}'
        bar.write(text, file=sys.stderr)
        if video and index == done:
          write_video(video, enlarge(scores.episodes[0]['image']), 20.0)


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
