"""The training loop: the paper's algorithm 1.

    collect S seed episodes
    repeat:
      update the model C times
      collect one episode with the planner and exploration noise
      now and then: test without noise

Source: paper, algorithm 1; original: training/trainer.py.
"""

import collections
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from planet_tf.config.settings import TrainSettings
from planet_tf.data import ChunkSampler, EpisodeError
from planet_tf.envs import (
  RenderingUnavailable,
  UnsupportedEnvironment,
  WorkerError,
)
from planet_tf.logs.progress import progress_bar
from planet_tf.logs.recorder import Recorder
from planet_tf.runs.checkpoints import Checkpoints
from planet_tf.runs.counters import Counters
from planet_tf.runs.directory import RunDirectory
from planet_tf.training.collection import Collection
from planet_tf.training.collector import set_aside
from planet_tf.training.evaluation import Evaluation
from planet_tf.training.profiling import Profiler
from planet_tf.training.replicas import compiled_update
from planet_tf.training.schedule import Schedule
from planet_tf.world_model import WorldModel

# What users can mend; the run then goes on from here.
_MENDABLE = (
  EpisodeError,
  RenderingUnavailable,
  UnsupportedEnvironment,
  WorkerError,
)


class TrainingDiverged(ValueError):
  """The loss or the gradients are no longer finite numbers."""


class Stopped(Exception):
  """Raised inside the loop to leave it."""


@dataclasses.dataclass
class Trainer:
  """The parts of a run and the loop over them; see `run.train`."""

  settings: TrainSettings
  run: RunDirectory
  model: WorldModel
  strategy: tf.distribute.Strategy
  sampler: ChunkSampler
  schedule: Schedule
  checkpoints: Checkpoints
  recorder: Recorder
  collection: Collection
  evaluation: Evaluation
  profiler: Profiler
  should_stop: Callable[[], bool]

  def __post_init__(self) -> None:
    self.counters = Counters()
    self._update = compiled_update(self.model, self.strategy)
    # Sums of metrics since the last record, and their number as `count`.
    self._sums = collections.Counter()
    self._saved = ''  # Position of the last checkpoint.
    self._bar = tqdm(disable=True)
    self._is_terminal = sys.stderr.isatty()

  def run_until_done(self) -> Counters:
    """Trains until there are as many episodes as the settings want.

    Returns:
      The counters at the end.
    """
    self._resume()
    counters = self.counters
    settings = self.settings
    last = self.schedule.updates_for(
      settings.total_episodes - settings.seed_episodes
    )
    self._bar = progress_bar(
      total=last, initial=counters.updates, unit='update', smoothing=0.05
    )
    with self._bar:
      try:
        while True:
          self._do_what_is_due()
          if counters.updates >= last:
            break
          self._update_until_event()
      except Stopped:
        pass
      except _MENDABLE:
        self._checkpoint()
        raise
      finally:
        self.profiler.stop()
        self.recorder.flush()
      self._checkpoint()
    return counters

  def _do_what_is_due(self) -> None:
    """Collects and tests as the schedule wants it after these updates."""
    counters = self.counters
    while self.collection.is_due(counters):
      self._status('collecting' if counters.updates else 'random episodes')
      for line in self.collection.run(counters, self._check_stop):
        self._bar.write(line)
      self._checkpoint()
    while self.evaluation.lacks_seed_episodes(counters):
      self._status('random episodes')
      self.evaluation.collect_seed_episodes(counters, self._check_stop)
      self._checkpoint()
    while counters.tests < self.schedule.tests(counters.updates):
      self._run_test()

  def _update_until_event(self) -> None:
    """Updates until something else is due."""
    counters = self.counters
    count = self.schedule.updates_until_event(counters.updates)
    compiled = self._update.experimental_get_tracing_count()
    self._status('training' if compiled else 'compiling the update')
    waiting = time.perf_counter()
    for batch in self.sampler.batches(count):
      self.profiler.before_update()
      start = time.perf_counter()
      metrics = self._update(batch)
      metrics = {name: float(value) for name, value in metrics.items()}
      metrics['seconds_per_update'] = time.perf_counter() - start
      metrics['seconds_waiting_for_data'] = start - waiting
      self.profiler.after_update()
      self._check_finite(metrics)
      self._sums.update(metrics, count=1)
      counters.updates += 1
      self._bar.update()
      if counters.updates % self.settings.updates_per_log == 0:
        self._record_updates()
      if self.should_stop():
        raise Stopped
      if not compiled:
        compiled = True
        self._status('training')
      waiting = time.perf_counter()

  def _run_test(self) -> None:
    """One test phase."""
    self._status('testing')
    counters = self.counters
    metrics, returns = self.evaluation.run(counters, self._check_stop)
    self.recorder.scalars('test', counters, metrics, returns)
    if 'return' in metrics:
      self._bar.write(
        f'test {counters.tests} after {counters.updates} updates: '
        f'mean return {metrics["return"]:.1f}'
      )
    self._checkpoint()

  def _record_updates(self) -> None:
    """Means over the updates since the last record."""
    count = self._sums.pop('count')
    metrics = {name: total / count for name, total in self._sums.items()}
    metrics['data_episodes'] = self.sampler.episode_count
    metrics['data_steps'] = self.sampler.step_count
    self._sums.clear()
    self.recorder.scalars('train', self.counters, metrics)
    self._bar.set_postfix(
      episodes=self.counters.episodes,
      loss=f'{metrics["loss"]:.1f}',
      refresh=self._is_terminal,
    )

  def _check_finite(self, metrics: Mapping[str, float]) -> None:
    for name, value in metrics.items():
      if not np.isfinite(value):
        raise TrainingDiverged(
          f'{name} is {value} at update {self.counters.updates + 1}; lower '
          'compile_model.learning_rate or compile_model.clip_norm in a new '
          '--logdir. The checkpoint of the last episode is kept.'
        )

  def _checkpoint(self) -> None:
    position = {
      'counters': self.counters.as_dict(),
      'data': self.sampler.state_dict(),
      'records': self.recorder.records,
      'sums': dict(self._sums),
    }
    text = json.dumps(position, sort_keys=True)
    if text != self._saved:
      self.checkpoints.save(position)
      self._saved = text

  def _resume(self) -> None:
    """Takes up the run where its last checkpoint left it."""
    position = self.checkpoints.restore()
    if position is not None:
      self.counters = Counters(**position['counters'])
    counters = self.counters
    moved = set_aside(self.run.train_episodes, counters.episodes)
    moved += set_aside(self.run.test_episodes, counters.test_episodes)
    if moved:
      print(
        f'{len(moved)} episodes are newer than the last checkpoint; they are '
        'collected again and the old files moved to superseded/.'
      )
    if position is None:
      self.recorder.rewind(0)
      return
    self.sampler.load_state_dict(position['data'])
    self._saved = json.dumps(position, sort_keys=True)
    self.recorder.rewind(position['records'])
    self._sums = collections.Counter(position['sums'])

  def _check_stop(self) -> None:
    """Called after each decision, which also keeps the bar's clock going."""
    self._bar.update(0)
    if self.should_stop():
      raise Stopped

  def _status(self, text: str) -> None:
    self._bar.set_description(text, refresh=self._is_terminal)
