"""Run directories: configuration, provenance and results of a training run.

config.gin             configuration, compared when the run is resumed
operative_config.gin   settings that were used
versions.json          versions and hardware of each process that trained
task.json              actions and components of the environments
train_episodes/ test_episodes/   one npz file per episode
checkpoints/           weights, optimizer, counters, data position
metrics.jsonl          scalars; train/ and test/ hold them for TensorBoard
"""

import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import filelock

from planet_tf.config import gin_files
from planet_tf.config.factories import components_of
from planet_tf.control.simulate import Envs, action_bounds
from planet_tf.errors import TRY_AGAIN, UserError, file_errors
from planet_tf.runs.atomic_files import atomic_write, atomic_write_json
from planet_tf.runs.provenance import describe_process

# Settings that may change when a run is resumed, because learning does not
# depend on them. Any other change would make a different run.
FREE_SETTINGS = {
  'make_envs.groups',
  'make_envs.modules',
  'make_envs.timeout',
  'make_envs.workers',
  'make_sampler.cache_gib',
  'train.keep_checkpoints',
  'train.open_loop_context',
  'train.evaluation_episodes',
  'train.evaluations',
  'train.total_episodes',
  'train.updates_per_log',
}

# Values of versions.json whose change the user is told about.
_WATCHED = ('auto_precision', 'auto_num_splits', 'tensorflow', 'mujoco')

_LOCK = '.lock'


class RunError(UserError):
  """A run directory that cannot be used."""


class RunInUse(RunError):
  """A run directory that another process trains in."""

  exit_code = TRY_AGAIN


class RunDirectory:
  """A run directory, locked for training.

  Args:
    path: The folder; created if it does not exist.

  Raises:
    RunInUse: If another process has locked it.
    RunError: If it cannot be written, or holds a run with another
      configuration.
  """

  def __init__(self, path: str | os.PathLike[str]) -> None:
    self.path = pathlib.Path(path).expanduser()
    self.checkpoints = self.path / 'checkpoints'
    self.train_episodes = self.path / 'train_episodes'
    self.test_episodes = self.path / 'test_episodes'
    try:
      self.path.mkdir(parents=True, exist_ok=True)
      self._lock = _lock(self.path)
    except (OSError, NotImplementedError) as error:
      reason = getattr(error, 'strerror', None) or error
      raise RunError(
        f'Cannot write to the log directory {str(self.path)!r} ({reason}); '
        'choose another --logdir.'
      ) from error
    try:
      self._check_configuration()
    except BaseException:
      self.close()
      raise

  def describe(self, envs: Mapping[str, Envs]) -> None:
    """Writes configuration, versions and task.

    Call it after everything has been built from the settings, so that a
    mistake in them does not claim the folder.

    Args:
      envs: Environments by task.
    """
    atomic_write(self.path / 'config.gin', gin_files.text())
    atomic_write(self.path / 'operative_config.gin', gin_files.operative_text())
    self._record_versions()
    first = next(iter(envs.values()))
    minimum, maximum = action_bounds(first.action_spec)
    content = {
      'tasks': {
        name: {'action_repeat': x.action_repeat} for name, x in envs.items()
      },
      'components': components_of(envs),
      'action_minimum': minimum.tolist(),
      'action_maximum': maximum.tolist(),
    }
    atomic_write_json(self.path / 'task.json', content)

  def close(self) -> None:
    """Unlocks the folder."""
    self._lock.release()

  def _check_configuration(self) -> None:
    """Refuses a different configuration if there is a run to resume."""
    path = self.path / 'config.gin'
    if not path.exists() or not (self.checkpoints / 'checkpoint').exists():
      return
    new, new_text = gin_files.bindings(), gin_files.text()
    gin_files.parse([str(path)])
    old = gin_files.bindings()
    gin_files.parse_text(new_text)
    details = ', '.join(
      f'{key} = {old.get(key)!r} there and {new.get(key)!r} now'
      for key in different_settings(old, new)
    )
    if details:
      raise RunError(
        f'The log directory {str(self.path)!r} holds a run with another '
        f'configuration ({details}); choose another --logdir or keep these '
        'settings.'
      )

  def _record_versions(self) -> None:
    path = self.path / 'versions.json'
    processes = read_json(path) if path.exists() else []
    process = describe_process()
    last = processes[-1] if processes else {}
    for key in _WATCHED:
      if key in last and last[key] != process[key]:
        print(
          f'Note: {key} was {last[key]} when this run was last trained and is '
          f'{process[key]} now.'
        )
    atomic_write_json(path, [*processes, process])


def is_in_use(path: pathlib.Path) -> bool:
  """Returns whether a process has locked a run directory for training."""
  if not (path / _LOCK).exists():
    return False
  try:
    _lock(path).release()
  except RunInUse:
    return True
  except OSError:
    return False  # Not writable, so this user cannot train in it.
  return False


def different_settings(
  one: Mapping[str, object], other: Mapping[str, object]
) -> list[str]:
  """Returns the settings whose difference makes two runs different.

  Args:
    one: All bindings of a configuration.
    other: All bindings of another configuration.

  Returns:
    Sorted names, without `FREE_SETTINGS` and without the settings of planners
    that are only evaluated.
  """

  def is_free(key: str) -> bool:
    scope = key.rpartition('/')[0]
    return key in FREE_SETTINGS or (
      scope != '' and not any(scope in _collections(x) for x in (one, other))
    )

  return sorted(
    key
    for key in {*one, *other}
    if one.get(key) != other.get(key) and not is_free(key)
  )


def _collections(bindings: Mapping[str, Any]) -> tuple[str, ...]:
  return tuple(bindings.get('train.collections', ()))


def read_json(path: pathlib.Path) -> Any:
  """Returns the content of a JSON file of a run directory.

  Raises:
    RunError: If it is not JSON.
    FileError: If it cannot be read.
  """
  with file_errors('read', path):
    text = path.read_text()
  try:
    return json.loads(text)
  except ValueError as error:
    raise RunError(
      f'{str(path)!r} is damaged ({error}); restore it from a copy, or remove '
      'it if it is versions.json.'
    ) from error


def _lock(path: pathlib.Path) -> filelock.FileLock:
  lock = filelock.FileLock(path / _LOCK, blocking=False)
  try:
    lock.acquire()
  except filelock.Timeout as error:
    raise RunInUse(
      f'The log directory {str(path)!r} is in use by another process; stop it '
      'or choose another --logdir.'
    ) from error
  return lock
