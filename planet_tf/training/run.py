"""Wires a run together from its settings."""

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
  logdir: str | os.PathLike,
  should_stop: Callable[[], bool] = lambda: False,
  profile: UpdateRange | None = None,
) -> Counters:
  """Trains an agent, or goes on training the one in the run directory.

  Everything else is a setting; see `gin_configs/planet.gin`.

  Args:
    logdir: The run directory.
    should_stop: Asked after each update and decision; once it says yes, the
      run is checkpointed and left.
    profile: Updates of this session to profile.

  Returns:
    The counters at the end.

  Raises:
    ConfigurationError: A setting is out of range.
    RunError: The run directory cannot be used.
    TrainingDiverged: The loss is no longer finite.
  """
  settings, schedule = check_settings()
  run = RunDirectory(logdir)
  # As many as act side by side, so that data do not depend on the workers.
  least = max(x.episodes for x in schedule.collections.values())
  try:
    with open_envs(settings.tasks, least=least) as envs:
      trainer = _make_trainer(
        settings, schedule, run, envs, should_stop, profile
      )
      run.describe(envs)
      trainer.recorder.settings(
        gin_files.bindings(), gin_files.operative_text()
      )
      return trainer.run_until_done()
  finally:
    run.close()


def check_settings() -> tuple[TrainSettings, Schedule]:
  """Finds mistakes in the settings that show without an environment.

  Returns:
    The training loop's settings and its schedule.

  Raises:
    ConfigurationError: A setting is out of range.
  """
  settings = make_train_settings()
  collections = {name: _collect_settings(name) for name in settings.collections}
  schedule = Schedule(collections, settings.updates_per_evaluation)
  _check_end(settings, schedule)
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


def _check_end(settings: TrainSettings, schedule: Schedule) -> None:
  """Finds collections that end before there are enough episodes."""
  wanted = settings.total_episodes - settings.seed_episodes
  if schedule.updates_for(wanted) is None:
    raise ConfigurationError(
      f'train.total_episodes={settings.total_episodes} cannot be reached: all '
      f'collections end before; raise collect.end or leave one at None.'
    )


def _check_batch(sampler: ChunkSampler, replicas: int) -> None:
  """Finds batches that cannot be shared out equally."""
  if sampler.batch % replicas:
    raise ConfigurationError(
      f'make_sampler.batch={sampler.batch} cannot be shared out equally to '
      f"{replicas} devices; choose a multiple, or train.strategy='one'."
    )


def _check_lengths(sampler: ChunkSampler, duration: int, context: int) -> None:
  """Finds chunks that do not fit before anything is collected."""
  if sampler.needed_steps > duration + 1:
    raise ConfigurationError(
      f'make_sampler wants {sampler.needed_steps} steps of an episode '
      f'(length times num_chunks), but episodes have {duration + 1} (decisions '
      'plus one); lower make_sampler.length or num_chunks.'
    )
  if context >= sampler.length:
    raise ConfigurationError(
      f'train.open_loop_context={context} must be less than '
      f'make_sampler.length={sampler.length}, to leave something to predict.'
    )
