"""Measures training cycles: updates, then an episode."""

import contextlib
import pathlib
import statistics
import sys
import tempfile
import time
from typing import Any

from planet_tf.analysis import read_metrics
from planet_tf.config import gin_files
from planet_tf.training.run import train
from tools.benchmark.sizes import current

Row = dict[str, Any]

SEED_EPISODES = 2


def training_cycle(repeats: int, task: str) -> Row:
  """Measures the seconds from one collected episode to the next in a run.

  A cycle has C updates and an episode, with sampling, records and a
  checkpoint, but no evaluation. The first call lasts from the start of the
  run to the first planned episode: random episodes, compilation, first cycle.

  Args:
    repeats: Number of cycles.
    task: Name of the task.
  """
  params = [
    f'train.task = {task!r}',
    f'train.seed_episodes = {SEED_EPISODES}',
    f'train.total_episodes = {SEED_EPISODES + 1 + repeats}',
    'train.updates_per_evaluation = 1000000',
  ]
  settings = gin_files.text()
  gin_files.parse_text(settings + '\n'.join(params))
  start = time.time()
  with (
    tempfile.TemporaryDirectory() as logdir,
    contextlib.redirect_stdout(sys.stderr),
  ):
    train(logdir)
    records = read_metrics(pathlib.Path(logdir), 'train')
  times = [x['time'] for x in records if 'return' in x and x['updates']]
  seconds = [b - a for a, b in zip(times, times[1:], strict=False)]
  updates = current('collect')['interval']
  waiting = [
    x['seconds_waiting_for_data']
    for x in records
    if 'seconds_waiting_for_data' in x
  ]
  return {
    'label': f'{updates} updates and an episode of {task}',
    'settings': {'task': task, 'updates': updates},
    'first_seconds': times[0] - start,
    'median_seconds': statistics.median(seconds),
    'minimum_seconds': min(seconds),
    'maximum_seconds': max(seconds),
    'seconds_waiting_for_data': statistics.median(waiting),
    'seconds_per_decision': records[-1]['seconds_per_decision'],
    'seconds_per_env_decision': records[-1]['seconds_per_env_decision'],
    'repeats': repeats,
    'calls_per_repeat': 1,
  }
