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
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import gin
import numpy as np
import tensorflow as tf

from planet_tf import hardware
from planet_tf.agent import PlanetAgent
from planet_tf.control.simulate import Envs, action_bounds
from planet_tf.training import configuration
from planet_tf.training.checkpoints import restore_model
from planet_tf.training.counters import Counters
from planet_tf.training.factories import components_of, make_planner
from planet_tf.training.machine import choose_precision
from planet_tf.training.model_factories import make_world_model
from planet_tf.training.whole_file import write_whole

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
  'train.test_episodes',
  'train.tests',
  'train.total_episodes',
  'train.updates_per_log',
}


class RunError(ValueError):
  """A run directory that cannot be used; the message is one line."""


class RunDirectory:
  """A run directory, opened for training.

  Args:
    path: The folder; made if it does not exist.

  Raises:
    RunError: If it cannot be written, is in use by another process, or holds
      a run with another configuration.
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
    write_whole(self.path / 'config.gin', configuration.text())
    write_whole(self.path / 'operative_config.gin', gin.operative_config_str())
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
    write_whole(self.path / 'task.json', json.dumps(content, indent=2) + '\n')

  def close(self) -> None:
    """Lets other processes use the folder."""
    self._lock.close()

  def _check_configuration(self) -> None:
    """Refuses another configuration once there is something to resume."""
    path = self.path / 'config.gin'
    new = configuration.bindings()
    if path.exists() and (self.checkpoints / 'checkpoint').exists():
      new_text = configuration.text()
      configuration.parse([str(path)])
      old = configuration.bindings()
      path_name = str(self.path)
      configuration.parse_text(new_text)
      changed = sorted(
        key
        for key in {*old, *new} - FREE_SETTINGS
        if old.get(key) != new.get(key)
      )
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
    sessions = _read_json(path) if path.exists() else []
    session = describe_session()
    last = sessions[-1] if sessions else {}
    for key in ('auto_precision', 'auto_chains', 'tensorflow', 'mujoco'):
      if key in last and last[key] != session[key]:
        print(
          f'Note: {key} was {last[key]} in the last session of this run and '
          f'is {session[key]} now.'
        )
    write_whole(path, json.dumps([*sessions, session], indent=2) + '\n')


def describe_session() -> dict[str, object]:
  """Versions, commit and hardware of this process."""
  packages = ('tensorflow', 'keras', 'tensorflow-probability', 'numpy')
  packages += ('dm_control', 'mujoco', 'gin-config')
  return {
    'started': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
    'commit': _commit(),
    'python': platform.python_version(),
    **{name: _version(name) for name in packages},
    'platform': platform.platform(),
    'processor': hardware.cpu_name(),
    'cores': hardware.cores(),
    'gpus': len(tf.config.list_physical_devices('GPU')),
    'auto_precision': choose_precision('auto'),
    'auto_chains': hardware.cpu_chains(hardware.cores()),
  }


def load_agent(
  logdir: str | os.PathLike, checkpoint: str | None = None
) -> PlanetAgent:
  """Loads the trained agent of a run; see `load_run`."""
  agent, _ = load_run(logdir, checkpoint)
  return agent


def load_run(
  logdir: str | os.PathLike,
  checkpoint: str | None = None,
  files: Sequence[str] = (),
  params: Sequence[str] = (),
) -> tuple[PlanetAgent, Counters]:
  """Loads a run for use; replaces the current configuration.

  Args:
    logdir: The run directory.
    checkpoint: Path prefix of one checkpoint; the latest by default.
    files: Names of gin files to read after the configuration of the run.
    params: Bindings that win over them.

  Returns:
    The agent, and the counters of the run at the checkpoint.

  Raises:
    RunError: If the folder holds no run.
    CheckpointError: If there is no such checkpoint.
  """
  task = read_task(logdir)
  path = pathlib.Path(logdir).expanduser()
  configuration.parse([str(path / 'config.gin'), *files], params)
  minimum = np.array(task['action_minimum'], np.float32)
  maximum = np.array(task['action_maximum'], np.float32)
  model = make_world_model(len(minimum), components=task['components'])
  position = restore_model(path / 'checkpoints', model, checkpoint)
  agent = PlanetAgent(model, make_planner(), minimum, maximum)
  return agent, Counters(**position['counters'])


def read_task(logdir: str | os.PathLike) -> dict[str, object]:
  """Reads what a run has written down of its environment.

  Args:
    logdir: The run directory.

  Returns:
    `tasks` (by name, each with its `action_repeat`), `components` (name and
    size of what the model may predict of the simulator's state),
    `action_minimum` and `action_maximum` (of the agent's actions).

  Raises:
    RunError: If the folder holds no run.
  """
  path = pathlib.Path(logdir).expanduser()
  for name in ('config.gin', 'task.json'):
    if not (path / name).is_file():
      raise RunError(
        f'{str(path)!r} is not a run directory: it has no {name}; give the '
        '--logdir of a training run.'
      )
  return _read_json(path / 'task.json')


def _read_json(path: pathlib.Path) -> Any:
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
    raise RunError(
      f'The log directory {str(path)!r} is in use by another process; stop it '
      'or choose another --logdir.'
    ) from error
  return file


def _version(package: str) -> str | None:
  try:
    return importlib.metadata.version(package)
  except importlib.metadata.PackageNotFoundError:
    return None


def _commit() -> str | None:
  checkout = pathlib.Path(__file__).parents[2]
  if not (checkout / '.git').exists():
    return None  # Installed, perhaps inside somebody else's repository.
  command = ['git', '-C', str(checkout), 'describe', '--always', '--dirty']
  try:
    result = subprocess.run(command, capture_output=True, text=True, timeout=9)
  except (OSError, subprocess.SubprocessError):
    return None
  return result.stdout.strip() or None
