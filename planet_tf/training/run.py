"""Builds a run from its settings and trains it."""

import os
import pathlib
from collections.abc import Callable, Mapping

from planet_tf.config import gin_files
from planet_tf.config.factories import (
  make_agents,
  make_planner,
  make_sampler,
  open_envs,
)
from planet_tf.config.model_factories import make_model_for
from planet_tf.config.registry import ConfigurationError, in_scope
from planet_tf.config.settings import (
  CollectSettings,
  TrainSettings,
  make_collect_settings,
  make_train_settings,
)
from planet_tf.control.simulate import Envs
from planet_tf.data import ChunkSampler
from planet_tf.logs.recorder import Recorder
from planet_tf.runs.checkpoints import Checkpoints
from planet_tf.runs.counters import Counters
from planet_tf.runs.directory import RunDirectory
from planet_tf.training.collection import Collection
from planet_tf.training.collector import Collector
from planet_tf.training.evaluation import Evaluation
from planet_tf.training.profiling import Profiler, UpdateRange
from planet_tf.training.replicas import check_compiler, make_strategy
from planet_tf.training.schedule import Schedule
from planet_tf.training.seeds import make_integer_seed
from planet_tf.training.trainer import Trainer


def train(
  logdir: str | os.PathLike[str],
  should_stop: Callable[[], bool] = lambda: False,
  profile: UpdateRange | None = None,
) -> Counters:
  """Trains an agent, or continues the training in the run directory.

  All other arguments are settings; see `gin_configs/planet.gin`.

  Args:
    logdir: The run directory.
    should_stop: Called after each update and each decision. If it returns
      True, the run writes a checkpoint and returns.
    profile: Updates of this session to profile.

  Returns:
    The counters of the run.

  Raises:
    ConfigurationError: If a setting is out of range.
    RunError: If the run directory cannot be used.
    TrainingDiverged: If the loss is not finite.
  """
  settings, schedule = check_settings()
  run = RunDirectory(logdir)
  # Otherwise the data would depend on the number of workers.
  min_envs = max(x.episodes for x in schedule.collections.values())
  try:
    with open_envs(settings.tasks, min_envs=min_envs) as envs:
      trainer = _make_trainer(
        settings, schedule, run, envs, should_stop, profile
      )
      run.describe(envs)
      trainer.recorder.settings(
        gin_files.bindings(), gin_files.operative_text()
      )
      return trainer.train(_total_updates(settings, schedule))
  finally:
    run.close()


def check_settings() -> tuple[TrainSettings, Schedule]:
  """Checks the settings as far as possible without an environment.

  Returns:
    The settings of the training loop and its schedule.

  Raises:
    ConfigurationError: If a setting is out of range.
  """
  settings = make_train_settings()
  collections = {name: _collect_settings(name) for name in settings.collections}
  schedule = Schedule(collections, settings.updates_per_evaluation)
  _total_updates(settings, schedule)
  for name in {*settings.collections, *settings.evaluations}:
    with in_scope(name):
      make_planner()
  return settings, schedule


def _collect_settings(name: str) -> CollectSettings:
  with in_scope(name):
    return make_collect_settings()


def _make_trainer(
  settings: TrainSettings,
  schedule: Schedule,
  run: RunDirectory,
  envs: Mapping[str, Envs],
  should_stop: Callable[[], bool],
  profile: UpdateRange | None,
) -> Trainer:
  """Makes the parts of a run and checks that they fit each other."""
  strategy = make_strategy(settings.strategy)
  with strategy.scope():
    model = make_model_for(envs, settings.seed)
  sampler = make_sampler(
    run.train_episodes,
    keys=model.batch_keys,
    seed=make_integer_seed(settings.seed, 'train-data', 0),
  )
  duration = min(x.duration for x in envs.values())
  _check_batch(sampler, strategy.num_replicas_in_sync)
  check_compiler(model, strategy)
  _check_lengths(sampler, duration, settings.open_loop_context)
  recorder = Recorder(run.path)
  names = {*settings.collections, *settings.evaluations}
  agents = make_agents(names, model, next(iter(envs.values())))

  def collectors(kind: str, directory: pathlib.Path) -> dict[str, Collector]:
    return {
      name: Collector(directory, x, kind, settings.seed)
      for name, x in envs.items()
    }

  return Trainer(
    settings=settings,
    run=run,
    model=model,
    strategy=strategy,
    sampler=sampler,
    schedule=schedule,
    checkpoints=Checkpoints(run.checkpoints, model, settings.keep_checkpoints),
    recorder=recorder,
    collection=Collection(
      settings=settings,
      schedule=schedule,
      agents=agents,
      collectors=collectors('train', run.train_episodes),
      recorder=recorder,
    ),
    evaluation=Evaluation(
      settings=settings,
      model=model,
      agents={name: agents[name] for name in settings.evaluations},
      collectors=collectors('test', run.test_episodes),
      recorder=recorder,
    ),
    profiler=Profiler(run.path / 'train', profile),
    should_stop=should_stop,
  )


def _total_updates(settings: TrainSettings, schedule: Schedule) -> int:
  """Returns the number of updates at the end of the run.

  Raises:
    ConfigurationError: If all collections end before.
  """
  episodes = settings.total_episodes - settings.seed_episodes
  updates = schedule.updates_for(episodes)
  if updates is None:
    raise ConfigurationError(
      f'train.total_episodes={settings.total_episodes} cannot be reached, '
      'because all collections end before; raise collect.end or set one to '
      'None.'
    )
  return updates


def _check_batch(sampler: ChunkSampler, replicas: int) -> None:
  """Checks that batches can be divided equally among the devices."""
  if sampler.batch % replicas:
    raise ConfigurationError(
      f'make_sampler.batch={sampler.batch} is not a multiple of the {replicas} '
      "devices; choose a multiple, or set train.strategy='one'."
    )


def _check_lengths(sampler: ChunkSampler, duration: int, context: int) -> None:
  """Checks that chunks fit into episodes and are longer than the context."""
  if sampler.needed_steps > duration + 1:
    raise ConfigurationError(
      f'make_sampler needs {sampler.needed_steps} steps per episode (length '
      f'times num_chunks), but episodes have {duration + 1} (decisions plus '
      'one); lower make_sampler.length or make_sampler.num_chunks.'
    )
  if context >= sampler.length:
    raise ConfigurationError(
      f'train.open_loop_context={context} must be less than '
      f'make_sampler.length={sampler.length}; lower the context or raise the '
      'length.'
    )
