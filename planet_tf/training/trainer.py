"""The training loop: the paper's algorithm 1.

    collect S seed episodes
    repeat:
      update the model C times
      collect one episode with the planner and exploration noise
      evaluate without noise, once in a while

The loop writes a checkpoint after each episode and each evaluation.

Source: paper, algorithm 1; original: training/trainer.py.
"""

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
from planet_tf.errors import UserError
from planet_tf.logs.progress import progress_bar
from planet_tf.logs.recorder import Recorder
from planet_tf.runs.checkpoints import Checkpoints
from planet_tf.runs.counters import Counters
from planet_tf.runs.directory import RunDirectory
from planet_tf.training.collection import Collection
from planet_tf.training.collector import move_superseded
from planet_tf.training.evaluation import Evaluation
from planet_tf.training.profiling import Profiler
from planet_tf.training.replicas import compiled_update
from planet_tf.training.schedule import Schedule
from planet_tf.world_model import WorldModel

# Errors of data and environments. They leave the model intact, so a checkpoint
# is written before they are raised.
_DATA_ERRORS = (
  EpisodeError,
  RenderingUnavailable,
  UnsupportedEnvironment,
  WorkerError,
)


class TrainingDiverged(UserError):
  """A metric of the update is not finite."""


class _StopRequested(Exception):
  """Leaves the loop after `should_stop` has returned True."""


@dataclasses.dataclass
class Trainer:
  """The training loop and the parts of a run; see `run.train`."""

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
    self._has_updated = False  # In this session.
    # Sums of the metrics since the last record, and their number as `count`.
    self._sums: dict[str, float] = {}
    self._saved = ''  # Position of the last checkpoint.
    self._bar = tqdm(disable=True)
    self._is_terminal = sys.stderr.isatty()

  def train(self, total_updates: int) -> Counters:
    """Resumes the run and trains until the end or until it is stopped.

    Args:
      total_updates: Updates at the end of the run.

    Returns:
      The counters of the run.

    Raises:
      TrainingDiverged: If a metric is not finite.
    """
    self._resume()
    self._bar = progress_bar(
      total=total_updates,
      initial=self.counters.updates,
      unit='update',
      smoothing=0.05,
    )
    with self._bar:
      try:
        self._run_loop(total_updates)
      except _StopRequested:
        pass
      except _DATA_ERRORS:
        self._save_checkpoint()
        raise
      finally:
        self.profiler.stop()
        self.recorder.flush()
      self._save_checkpoint()
    return self.counters

  def _run_loop(self, total_updates: int) -> None:
    """Runs algorithm 1, from wherever the counters are."""
    self._collect()  # Seed episodes, or what a stopped session left undone.
    self._evaluate()
    while self.counters.updates < total_updates:
      self._update_model()
      self._collect()
      self._evaluate()

  def _update_model(self) -> None:
    """Updates the model until a collection or an evaluation is due."""
    self._show_status('training' if self._has_updated else 'compiling')
    count = self.schedule.updates_until_event(self.counters.updates)
    waiting = time.perf_counter()
    for batch in self.sampler.batches(count):
      self.profiler.before_update()
      start = time.perf_counter()
      metrics = {k: float(x) for k, x in self._update(batch).items()}
      metrics['seconds_per_update'] = time.perf_counter() - start
      metrics['seconds_waiting_for_data'] = start - waiting
      self.profiler.after_update()
      self._count_update(metrics)
      if self.should_stop():
        raise _StopRequested
      waiting = time.perf_counter()

  def _collect(self) -> None:
    """Collects the training episodes that are due."""
    counters = self.counters
    while self.collection.is_due(counters):
      self._show_status('collecting' if counters.updates else 'random episodes')
      for line in self.collection.run(counters, self._after_decision):
        self._bar.write(line)
      self._save_checkpoint()

  def _evaluate(self) -> None:
    """Runs the evaluations that are due."""
    counters = self.counters
    while self.evaluation.lacks_seed_episodes(counters):
      self._show_status('random episodes')
      self.evaluation.collect_seed_episodes(counters, self._after_decision)
      self._save_checkpoint()
    while counters.tests < self.schedule.evaluations(counters.updates):
      self._show_status('evaluating')
      metrics, returns = self.evaluation.run(counters, self._after_decision)
      self.recorder.scalars('test', counters, metrics, returns)
      if 'return' in metrics:
        self._bar.write(
          f'evaluation {counters.tests} after {counters.updates} updates: '
          f'mean return {metrics["return"]:.1f}'
        )
      self._save_checkpoint()

  def _count_update(self, metrics: Mapping[str, float]) -> None:
    """Counts an update and records the metrics once per interval."""
    self._check_finite(metrics)
    for name, value in {**metrics, 'count': 1}.items():
      self._sums[name] = value + self._sums.get(name, 0)
    self.counters.updates += 1
    self._bar.update()
    if not self._has_updated:
      self._has_updated = True
      self._show_status('training')
    if self.counters.updates % self.settings.updates_per_log == 0:
      self._record_updates()

  def _record_updates(self) -> None:
    """Records mean metrics of the updates since the last record."""
    count = self._sums.pop('count')
    metrics = {name: total / count for name, total in self._sums.items()}
    metrics['data_episodes'] = self.sampler.episode_count
    metrics['data_steps'] = self.sampler.step_count
    self._sums = {}
    self.recorder.scalars('train', self.counters, metrics)
    self._bar.set_postfix(
      episodes=self.counters.episodes,
      loss=f'{metrics["loss"]:.1f}',
      refresh=self._is_terminal,
    )

  def _check_finite(self, metrics: Mapping[str, float]) -> None:
    """Raises TrainingDiverged if a metric is not finite."""
    for name, value in metrics.items():
      if not np.isfinite(value):
        raise TrainingDiverged(
          f'{name} is {value} at update {self.counters.updates + 1}; lower '
          'compile_model.learning_rate or compile_model.clip_norm in a new '
          '--logdir. The checkpoint of the last episode is kept.'
        )

  def _save_checkpoint(self) -> None:
    """Writes a checkpoint unless nothing has changed since the last one."""
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
    """Restores the last checkpoint and moves newer files out of the way."""
    position = self.checkpoints.restore()
    if position is not None:
      self.counters = Counters(**position['counters'])
    counters = self.counters
    moved = move_superseded(self.run.train_episodes, counters.episodes)
    moved += move_superseded(self.run.test_episodes, counters.test_episodes)
    if moved:
      print(
        f'Moved {len(moved)} episodes that are newer than the last checkpoint '
        'to superseded/; they will be collected again.'
      )
    if position is None:
      self.recorder.rewind(0)
      return
    self.sampler.load_state_dict(position['data'])
    self._saved = json.dumps(position, sort_keys=True)
    self.recorder.rewind(position['records'])
    self._sums = dict(position['sums'])

  def _after_decision(self) -> None:
    """Refreshes the clock of the progress bar; stops if requested."""
    self._bar.update(0)
    if self.should_stop():
      raise _StopRequested

  def _show_status(self, text: str) -> None:
    self._bar.set_description(text, refresh=self._is_terminal)
