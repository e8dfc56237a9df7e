"""Wires a run together from its settings."""

import os
from collections.abc import Callable

from planet_tf.data import ChunkSampler
from planet_tf.training.checkpoints import Checkpoints
from planet_tf.training.collection import Collector
from planet_tf.training.counters import Counters
from planet_tf.training.factories import make_agent, make_envs, make_sampler
from planet_tf.training.model_factories import compile_model, make_world_model
from planet_tf.training.registry import ConfigurationError
from planet_tf.training.run_directory import RunDirectory
from planet_tf.training.schedule import Schedule
from planet_tf.training.seeds import make_integer_seed
from planet_tf.training.summaries import Recorder
from planet_tf.training.test_phase import TestPhase
from planet_tf.training.train_settings import make_train_settings
from planet_tf.training.trainer import Trainer


def train(
  logdir: str | os.PathLike,
  should_stop: Callable[[], bool] = lambda: False,
) -> Counters:
  """Trains an agent, or goes on training the one in the run directory.

  Everything else is a setting; see `gin_configs/planet.gin`.

  Args:
    logdir: The run directory.
    should_stop: Asked after each update and decision; once it says yes, the
      run is checkpointed and left.

  Returns:
    The counters at the end.

  Raises:
    ConfigurationError: A setting is out of range.
    RunError: The run directory cannot be used.
    TrainingDiverged: The loss is no longer finite.
  """
  settings = make_train_settings()
  run = RunDirectory(logdir)
  try:
    with make_envs(settings.task) as envs:
      model = make_world_model(
        envs.action_spec.shape[0],
        components=envs.components,
        seed=settings.seed,
      )
      compile_model(model)
      agent = make_agent(model, envs)
      recorder = Recorder(run.path)
      data_seed = make_integer_seed(settings.seed, 'train-data', 0)
      sampler = make_sampler(
        run.train_episodes, keys=model.batch_keys, seed=data_seed
      )
      _check_lengths(sampler, envs.duration, settings.open_loop_context)
      trainer = Trainer(
        settings=settings,
        run=run,
        model=model,
        agent=agent,
        sampler=sampler,
        schedule=Schedule(
          settings.updates_per_episode, settings.updates_per_test
        ),
        checkpoints=Checkpoints(
          run.checkpoints, model, settings.keep_checkpoints
        ),
        recorder=recorder,
        data=Collector(run.train_episodes, envs, 'train', settings.seed),
        test_phase=TestPhase(
          settings=settings,
          model=model,
          agent=agent,
          data=Collector(run.test_episodes, envs, 'test', settings.seed),
          recorder=recorder,
        ),
        should_stop=should_stop,
      )
      run.describe(settings.task, envs)
      return trainer.run_until_done()
  finally:
    run.close()


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
