"""The folder of a run: what was asked for, what ran, and its results.

config.gin             the configuration, compared when a run is resumed
operative_config.gin   the settings that were in fact used
versions.json          versions and hardware of each session
task.json              actions of the environment
train_episodes/ test_episodes/   one npz file an episode
checkpoints/           weights, optimizer, counters, data position
metrics.jsonl          scalars; train/ and test/ hold them for TensorBoard
"""

import fcntl
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any, TextIO

from planet_tf.config import gin_files
from planet_tf.config.factories import components_of
from planet_tf.control.simulate import Envs, action_bounds
from planet_tf.runs.atomic_files import atomic_write, atomic_write_json
from planet_tf.runs.provenance import describe_session

# Settings that may differ when a run is resumed: learning does not depend on
# them. Everything else would make it another run.
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


class RunError(ValueError):
  """A run directory that cannot be used; the message is one line."""


class RunInUse(RunError):
  """A run directory that another process has opened for training."""


class RunDirectory:
  """A run directory, opened for training.

  Args:
    path: The folder; made if it does not exist.

  Raises:
    RunInUse: If another process has opened it.
    RunError: If it cannot be written, or holds a run with another
      configuration.
  """

  def __init__(self, path: str | os.PathLike) -> None:
    self.path = pathlib.Path(path).expanduser()
    self.checkpoints = self.path / 'checkpoints'
    self.train_episodes = self.path / 'train_episodes'
    self.test_episodes = self.path / 'test_episodes'
    try:
      self.path.mkdir(parents=True, exist_ok=True)
      self._lock = _lock(self.path)
    except OSError as error:
      raise RunError(
        f'Cannot write to the log directory {str(self.path)!r} '
        f'({error.strerror}); choose another --logdir.'
      ) from error
    try:
      self._check_configuration()
    except BaseException:
      self.close()
      raise

  def describe(self, envs: Mapping[str, Envs]) -> None:
    """Writes what was asked for and what runs.

    Call it once everything has been made from the settings, so that a
    mistake in them does not take possession of the folder.

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
    """Lets other processes use the folder."""
    self._lock.close()

  def _check_configuration(self) -> None:
    """Refuses another configuration once there is something to resume."""
    path = self.path / 'config.gin'
    new = gin_files.bindings()
    if path.exists() and (self.checkpoints / 'checkpoint').exists():
      new_text = gin_files.text()
      gin_files.parse([str(path)])
      old = gin_files.bindings()
      path_name = str(self.path)
      gin_files.parse_text(new_text)
      changed = different_settings(old, new)
      if changed:
        details = ', '.join(
          f'{key} = {old.get(key)!r} there and {new.get(key)!r} now'
          for key in changed
        )
        raise RunError(
          f'The log directory {path_name!r} holds a run with another '
          f'configuration ({details}); choose another --logdir or keep these '
          'settings.'
        )

  def _record_versions(self) -> None:
    path = self.path / 'versions.json'
    sessions = read_json(path) if path.exists() else []
    session = describe_session()
    last = sessions[-1] if sessions else {}
    for key in ('auto_precision', 'auto_chains', 'tensorflow', 'mujoco'):
      if key in last and last[key] != session[key]:
        print(
          f'Note: {key} was {last[key]} in the last session of this run and '
          f'is {session[key]} now.'
        )
    atomic_write_json(path, [*sessions, session])


def is_in_use(path: pathlib.Path) -> bool:
  """Whether a process has opened a run directory for training."""
  try:
    with (path / '.lock').open() as file:
      fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
  except BlockingIOError:
    return True
  except FileNotFoundError:
    pass
  return False


def different_settings(
  one: Mapping[str, object], other: Mapping[str, object]
) -> list[str]:
  """Names of settings that make two configurations other runs.

  Args:
    one: All bindings of a configuration.
    other: Those of the other one.

  Returns:
    The names, but for those of `FREE_SETTINGS` and of planners that are only
    tested, sorted.
  """

  def is_free(key: str) -> bool:
    scope = key.rpartition('/')[0]
    return key in FREE_SETTINGS or (
      scope != ''
      and not any(scope in x.get('train.collections', ()) for x in (one, other))
    )

  return sorted(
    key
    for key in {*one, *other}
    if one.get(key) != other.get(key) and not is_free(key)
  )


def read_json(path: pathlib.Path) -> Any:
  """Reads a file of a run directory.

  Args:
    path: The file.

  Returns:
    Its content.

  Raises:
    RunError: If it is not JSON.
  """
  try:
    return json.loads(path.read_text())
  except ValueError as error:
    raise RunError(
      f'{str(path)!r} is damaged ({error}); restore it from a copy, or remove '
      'it if it is versions.json.'
    ) from error


def _lock(path: pathlib.Path) -> TextIO:
  file = (path / '.lock').open('w')
  try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError as error:
    raise RunInUse(
      f'The log directory {str(path)!r} is in use by another process; stop it '
      'or choose another --logdir.'
    ) from error
  return file
