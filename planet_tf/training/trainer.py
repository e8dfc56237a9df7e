"""The training loop: the paper's algorithm 1.

    collect S seed episodes
    repeat:
      update the model C times
      collect one episode with the planner and exploration noise
      now and then: test without noise

Source: paper, algorithm 1; original: training/trainer.py.
"""

import dataclasses
import os
import sys
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from planet_tf.agent import PlanetAgent
from planet_tf.control.simulate import Simulation
from planet_tf.data import ChunkSampler, EpisodeError
from planet_tf.envs import ParallelEnvs, WorkerError
from planet_tf.training import evaluation, open_loop
from planet_tf.training.checkpoints import Checkpoints
from planet_tf.training.collection import Collector
from planet_tf.training.configuration import (
  ConfigurationError,
  configurable,
)
from planet_tf.training.factories import (
  compile_model,
  make_agent,
  make_envs,
  make_sampler,
  make_world_model,
)
from planet_tf.training.run_directory import RunDirectory
from planet_tf.training.schedule import Schedule
from planet_tf.training.seeds import make_integer_seed, make_seed
from planet_tf.training.summaries import Recorder, mean_of
from planet_tf.world_model import WorldModel


class TrainingDiverged(ValueError):
  """The loss or the gradients are no longer finite numbers."""


@dataclasses.dataclass
class Counters:
  """How far a run has come; seed episodes are counted in.

  Attributes:
    updates: Optimizer steps.
    episodes: Episodes of training data.
    decisions: Agent actions in the episodes of training data.
    env_steps: Decisions times action repeat.
    test_episodes: Episodes of test data.
    tests: Completed test phases.
  """

  updates: int = 0
  episodes: int = 0
  decisions: int = 0
  env_steps: int = 0
  test_episodes: int = 0
  tests: int = 0


@configurable
def train(
  logdir: str | os.PathLike,
  *,
  task: str,
  seed: int,
  seed_episodes: int,
  updates_per_episode: int,
  exploration: float,
  updates_per_test: int,
  test_episodes: int,
  total_episodes: int,
  open_loop_context: int,
  updates_per_log: int,
  keep_checkpoints: int,
  should_stop: Callable[[], bool] = lambda: False,
) -> Counters:
  """Trains an agent, or goes on training the one in the run directory.

  Args:
    logdir: The run directory.
    task: Name of the task, or `module:function`.
    seed: Seed of everything random in the run.
    seed_episodes: Episodes S of random actions at the start, for training
      and as many for testing.
    updates_per_episode: Updates C for each collected episode.
    exploration: Standard deviation of the action noise while collecting.
    updates_per_test: Updates from one test phase to the next.
    test_episodes: Episodes without noise in a test phase.
    total_episodes: Episodes of training data after which training ends.
    open_loop_context: Frames that the model sees before it predicts.
    updates_per_log: Updates whose mean metrics make one record.
    keep_checkpoints: Number of checkpoints to keep.
    should_stop: Asked after each update and decision; once it says yes, the
      run is checkpointed and left.

  Returns:
    The counters at the end.

  Raises:
    RunError: The run directory cannot be used.
    TrainingDiverged: The loss is no longer finite.
  """
  _check_at_least(1, 'seed_episodes', seed_episodes)
  _check_at_least(1, 'total_episodes', total_episodes)
  _check_at_least(1, 'updates_per_episode', updates_per_episode)
  _check_at_least(1, 'updates_per_test', updates_per_test)
  _check_at_least(1, 'updates_per_log', updates_per_log)
  _check_at_least(1, 'keep_checkpoints', keep_checkpoints)
  _check_at_least(1, 'open_loop_context', open_loop_context)
  _check_at_least(0, 'seed', seed)
  _check_at_least(0, 'test_episodes', test_episodes)
  _check_at_least(0, 'exploration', exploration)
  schedule = Schedule(updates_per_episode, updates_per_test)
  run = RunDirectory(logdir)
  try:
    with make_envs(task) as envs:
      run.write_task(task, envs)
      model = make_world_model(envs.action_spec.shape[0], seed=seed)
      compile_model(model)
      trainer = Trainer(
        run=run,
        envs=envs,
        model=model,
        agent=make_agent(model, envs),
        sampler=make_sampler(
          run.train_episodes, seed=make_integer_seed(seed, 'train-data', 0)
        ),
        schedule=schedule,
        checkpoints=Checkpoints(run.checkpoints, model, keep_checkpoints),
        seed=seed,
        seed_episodes=seed_episodes,
        exploration=exploration,
        test_episodes=test_episodes,
        open_loop_context=open_loop_context,
        updates_per_log=updates_per_log,
        should_stop=should_stop,
      )
      return trainer.run_until(total_episodes)
  finally:
    run.close()


def _check_at_least(least: float, name: str, value: float) -> None:
  if value < least:
    raise ConfigurationError(
      f'train.{name} must be at least {least}, got {value}.'
    )


class Stopped(Exception):
  """Raised inside the loop to leave it."""


@dataclasses.dataclass
class Trainer:
  """The parts of a run and the loop over them; see `train`."""

  run: RunDirectory
  envs: ParallelEnvs
  model: WorldModel
  agent: PlanetAgent
  sampler: ChunkSampler
  schedule: Schedule
  checkpoints: Checkpoints
  seed: int
  seed_episodes: int
  exploration: float
  test_episodes: int
  open_loop_context: int
  updates_per_log: int
  should_stop: Callable[[], bool]

  def __post_init__(self) -> None:
    self.counters = Counters()
    self.recorder = Recorder(self.run.path)
    self.train_data = Collector(
      self.run.train_episodes, self.envs, 'train', self.seed
    )
    self.test_data = Collector(
      self.run.test_episodes, self.envs, 'test', self.seed
    )
    self._pending: list[dict[str, tf.Tensor]] = []
    self._pending_seconds = 0.0
    self._update = tf.function(self.model.train_step)
    self._test = tf.function(self.model.test_step)
    self._predict = tf.function(
      lambda batch: open_loop.predict(self.model, batch, self.open_loop_context)
    )

  def run_until(self, total_episodes: int) -> Counters:
    """Trains until there are so many episodes of training data.

    Args:
      total_episodes: Episodes of training data, seed episodes included.

    Returns:
      The counters at the end.
    """
    counters = self.counters
    self._resume()
    last = self.schedule.updates_for(total_episodes - self.seed_episodes)
    with tqdm(
      total=last,
      initial=counters.updates,
      unit='update',
      smoothing=0.05,
      mininterval=0.5 if sys.stderr.isatty() else 60.0,
    ) as self._bar:
      try:
        self._collect_seed_episodes()
        while True:
          self._do_what_is_due()
          if counters.updates >= last:
            break
          self._update_until_event()
      except Stopped:
        pass
      except (WorkerError, EpisodeError):
        self._checkpoint()  # Mended, the run can go on from here.
        raise
      finally:
        self.recorder.flush()
      self._checkpoint()
    return counters

  def _do_what_is_due(self) -> None:
    """Collects and tests as the schedule wants it after these updates."""
    counters = self.counters
    wanted = self.seed_episodes + self.schedule.collections(counters.updates)
    while counters.episodes < wanted:
      self._collect()
    while counters.tests < self.schedule.tests(counters.updates):
      self._run_test()

  def _collect_seed_episodes(self) -> None:
    """Random episodes for training and testing."""
    counters = self.counters
    count = self.envs.count
    while counters.episodes < self.seed_episodes:
      size = min(count, self.seed_episodes - counters.episodes)
      self._status('random episodes')
      result = self.train_data.collect_random(
        counters.episodes, size, self._check_stop
      )
      self._record_collection(result)
    while counters.test_episodes < self.seed_episodes:
      size = min(count, self.seed_episodes - counters.test_episodes)
      result = self.test_data.collect_random(
        counters.test_episodes, size, self._check_stop
      )
      counters.test_episodes += size
      for value in evaluation.returns_of(result.episodes):
        self._record('test', {'random_return': value})

  def _update_until_event(self) -> None:
    """Updates until something else is due."""
    counters = self.counters
    count = self.schedule.updates_until_event(counters.updates)
    self._status('training')
    for batch in self.sampler.batches(count):
      start = time.perf_counter()
      metrics = self._update(batch)
      metrics = {name: value.numpy() for name, value in metrics.items()}
      self._pending_seconds += time.perf_counter() - start
      self._check_finite(metrics)
      self._pending.append(metrics)
      counters.updates += 1
      self._bar.update()
      if counters.updates % self.updates_per_log == 0:
        self._record_updates()
      if self.should_stop():
        raise Stopped

  def _collect(self) -> None:
    """One episode of the agent with exploration noise."""
    self._status('collecting')
    number = self.counters.episodes
    policy = self.agent.policy(
      make_seed(self.seed, 'train-agent', number), self.exploration
    )
    result = self.train_data.collect(policy, number, 1, self._check_stop)
    self._record_collection(result)
    self._checkpoint()
    self.run.write_operative_config()

  def _run_test(self) -> None:
    """Loss on test data, open-loop predictions, and episodes without noise."""
    self._status('testing')
    counters = self.counters
    metrics = {}
    if self.seed_episodes:
      sampler = make_sampler(
        self.run.test_episodes,
        seed=make_integer_seed(self.seed, 'test-data', counters.tests),
      )
      batch = sampler.sample()
      metrics = {k: v.numpy() for k, v in self._test(batch).items()}
      metrics.update(self._show_predictions(batch))
    returns = []
    while len(returns) < self.test_episodes:
      size = min(self.envs.count, self.test_episodes - len(returns))
      number = counters.test_episodes + len(returns)
      policy = self.agent.policy(make_seed(self.seed, 'test-agent', number))
      result = self.test_data.collect(policy, number, size, self._check_stop)
      returns += evaluation.returns_of(result.episodes)
    counters.test_episodes += len(returns)
    counters.tests += 1
    if returns:
      statistics = evaluation.describe_returns(returns)
      self._bar.write(
        f'test {counters.tests} after {counters.updates} updates: '
        f'mean return {statistics["mean"]:.1f}'
      )
      metrics['return'] = statistics['mean']
      metrics['return_median'] = statistics['median']
    self._record('test', metrics)
    self._checkpoint()

  def _show_predictions(self, batch) -> dict[str, float]:
    predicted = self._predict(batch)
    counters = dataclasses.asdict(self.counters)
    bits = self.model.image_bits
    self.recorder.image(
      'test', counters, 'open_loop_strip', open_loop.strip(predicted, bits)
    )
    self.recorder.animation(
      'test', counters, 'open_loop', open_loop.frames(predicted, bits)
    )
    return open_loop.metrics(predicted, batch['reward'], self.open_loop_context)

  def _record_updates(self) -> None:
    """Means over the updates since the last record."""
    metrics = mean_of(self._pending)
    metrics['seconds_per_update'] = self._pending_seconds / len(self._pending)
    self._pending, self._pending_seconds = [], 0.0
    self._record('train', metrics)
    self._bar.set_postfix(
      episodes=self.counters.episodes, loss=f'{metrics["loss"]:.1f}'
    )

  def _check_finite(self, metrics: dict[str, float]) -> None:
    for name, value in metrics.items():
      if not np.isfinite(value):
        raise TrainingDiverged(
          f'{name} is {value} at update {self.counters.updates + 1}; lower '
          'compile_model.learning_rate or compile_model.clip_norm in a new '
          '--logdir. The checkpoint of the last episode is kept.'
        )

  def _record_collection(self, result: Simulation) -> None:
    counters = self.counters
    for episode in result.episodes:
      decisions = len(episode['reward']) - 1
      counters.episodes += 1
      counters.decisions += decisions
      counters.env_steps += decisions * self.envs.action_repeat
      (value,) = evaluation.returns_of([episode])
      self._record(
        'train',
        {
          'return': value,
          'episode_length': decisions,
          'seconds_per_decision': result.policy_seconds / result.decisions,
          'seconds_per_env_decision': result.env_seconds / result.decisions,
        },
      )
      self._bar.write(
        f'episode {counters.episodes} after {counters.updates} updates: '
        f'return {value:.1f}'
      )

  def _record(self, split: str, values: dict[str, float]) -> None:
    self.recorder.scalars(split, dataclasses.asdict(self.counters), values)

  def _checkpoint(self) -> None:
    position = {
      'counters': dataclasses.asdict(self.counters),
      'data': self.sampler.state_dict(),
    }
    self.checkpoints.save(position)

  def _resume(self) -> None:
    """Takes up the run where its last checkpoint left it."""
    position = self.checkpoints.restore()
    if position is None:
      return
    for name, value in position['counters'].items():
      setattr(self.counters, name, value)
    self.train_data.set_aside(self.counters.episodes)
    self.test_data.set_aside(self.counters.test_episodes)
    self.sampler.load_state_dict(position['data'])
    self.recorder.rewind(self.counters.updates)

  def _check_stop(self) -> None:
    if self.should_stop():
      raise Stopped

  def _status(self, text: str) -> None:
    self._bar.set_description(text)
