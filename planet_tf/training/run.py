"""Wires a run together from its settings."""

import os
from collections.abc import Callable, Mapping

from planet_tf.training.checkpoints import Checkpoints
from planet_tf.training.collection import Collector
from planet_tf.training.configuration import (
  ConfigurationError,
  configurable,
)
from planet_tf.training.counters import Counters
from planet_tf.training.factories import (
  compile_model,
  make_agent,
  make_envs,
  make_sampler,
  make_world_model,
)
from planet_tf.training.run_directory import RunDirectory
from planet_tf.training.schedule import Schedule
from planet_tf.training.seeds import make_integer_seed
from planet_tf.training.summaries import Recorder
from planet_tf.training.test_phase import TestPhase
from planet_tf.training.trainer import Trainer


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
  _check_settings(
    least_1={
      'seed_episodes': seed_episodes,
      'total_episodes': total_episodes,
      'updates_per_episode': updates_per_episode,
      'updates_per_test': updates_per_test,
      'updates_per_log': updates_per_log,
      'keep_checkpoints': keep_checkpoints,
      'open_loop_context': open_loop_context,
    },
    least_0={
      'seed': seed,
      'test_episodes': test_episodes,
      'exploration': exploration,
    },
  )
  run = RunDirectory(logdir)
  try:
    with make_envs(task) as envs:
      run.write_task(task, envs)
      model = make_world_model(envs.action_spec.shape[0], seed=seed)
      compile_model(model)
      agent = make_agent(model, envs)
      recorder = Recorder(run.path)
      trainer = Trainer(
        run=run,
        envs=envs,
        model=model,
        agent=agent,
        sampler=make_sampler(
          run.train_episodes, seed=make_integer_seed(seed, 'train-data', 0)
        ),
        schedule=Schedule(updates_per_episode, updates_per_test),
        checkpoints=Checkpoints(run.checkpoints, model, keep_checkpoints),
        recorder=recorder,
        train_data=Collector(run.train_episodes, envs, 'train', seed),
        test_phase=TestPhase(
          model=model,
          agent=agent,
          data=Collector(run.test_episodes, envs, 'test', seed),
          recorder=recorder,
          seed=seed,
          episodes=test_episodes,
          context=open_loop_context,
        ),
        seed=seed,
        seed_episodes=seed_episodes,
        exploration=exploration,
        updates_per_log=updates_per_log,
        should_stop=should_stop,
      )
      return trainer.run_until(total_episodes)
  finally:
    run.close()


def _check_settings(
  least_1: Mapping[str, float], least_0: Mapping[str, float]
) -> None:
  for least, values in ((1, least_1), (0, least_0)):
    for name, value in values.items():
      if value < least:
        raise ConfigurationError(
          f'train.{name} must be at least {least}, got {value}.'
        )
