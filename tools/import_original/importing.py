"""Turns a checkpoint of the original code into a run directory."""

import pathlib
import shutil
from typing import NamedTuple

from planet_tf.cli import UsageError
from planet_tf.config import gin_files
from planet_tf.config.factories import make_sampler, open_envs
from planet_tf.config.model_factories import make_model_for
from planet_tf.config.settings import make_train_settings
from planet_tf.data import list_episodes, read_episode
from planet_tf.original.checkpoints import (
  assign,
  count_updates,
  read_checkpoint,
)
from planet_tf.runs.atomic_files import atomic_write_json
from planet_tf.runs.checkpoints import Checkpoints
from planet_tf.runs.counters import Counters
from planet_tf.runs.directory import RunDirectory


class Imported(NamedTuple):
  """What was imported.

  Attributes:
    updates: Approximate number of updates of the checkpoint.
    has_optimizer: Whether the checkpoint has the state of Adam.
    episodes: Number of copied episodes.
  """

  updates: int
  has_optimizer: bool
  episodes: int


def import_checkpoint(
  checkpoint: str, output: pathlib.Path, episodes: pathlib.Path | None = None
) -> Imported:
  """Creates a run directory, of the current configuration.

  Args:
    checkpoint: Path prefix of the checkpoint, without .index.
    output: Run directory to create.
    episodes: Folder of training episodes to copy into it.

  Raises:
    UsageError: If the folder is not empty, or the task of the episodes is
      ambiguous.
    CheckpointError: If the checkpoint is missing, or of another model.
  """
  values = read_checkpoint(checkpoint)
  if output.exists() and any(output.iterdir()):
    raise UsageError(f'--output={output} is not empty; choose another folder.')
  settings = make_train_settings()
  if episodes and len(settings.tasks) > 1:
    raise UsageError(
      '--episodes takes the episodes of one task; leave it out for an agent of '
      'several tasks, as the files do not name their task.'
    )
  updates = count_updates(
    values,
    gin_files.bindings()['make_sampler.batch'],
    settings.updates_per_evaluation,
  )
  with open_envs(settings.tasks) as envs:
    first = next(iter(envs.values()))
    model = make_model_for(envs, settings.seed)
    has_optimizer = assign(model, values, updates)
    run = RunDirectory(output)
    try:
      run.train_episodes.mkdir()
      copies = _copy_episodes(episodes, run.train_episodes)
      counters = _count(copies, first.action_repeat)
      counters.updates = updates
      # Earlier evaluations are not repeated.
      counters.tests = updates // settings.updates_per_evaluation
      sampler = make_sampler(run.train_episodes, keys=model.batch_keys)
      position = {
        'counters': counters.as_dict(),
        'data': sampler.state_dict(),
        'records': 0,
        'sums': {},
      }
      Checkpoints(run.checkpoints, model, settings.keep_checkpoints).save(
        position
      )
      run.describe(envs)
    finally:
      run.close()
  source = {'checkpoint': checkpoint, 'updates': updates}
  atomic_write_json(output / 'imported.json', source)
  return Imported(updates, has_optimizer, len(copies))


def _copy_episodes(
  source: pathlib.Path | None, target: pathlib.Path
) -> list[pathlib.Path]:
  """Copies the readable episodes of a folder; returns the copies."""
  if source is None:
    return []
  if not source.is_dir():
    raise UsageError(f'--episodes={source} is not a folder; give a folder.')
  copies = []
  for path in list_episodes(source):
    read_episode(path)  # Raises an EpisodeError if it is damaged.
    copies.append(pathlib.Path(shutil.copy2(path, target)))
  return copies


def _count(episodes: list[pathlib.Path], action_repeat: int) -> Counters:
  steps = [len(read_episode(path, ['reward'])['reward']) for path in episodes]
  decisions = sum(steps) - len(steps)
  return Counters(
    episodes=len(episodes),
    decisions=decisions,
    env_steps=decisions * action_repeat,
  )
