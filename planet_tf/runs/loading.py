"""Loads the agent of a run directory."""

import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from planet_tf.agent import PlanetAgent
from planet_tf.config import gin_files
from planet_tf.config.factories import make_planner
from planet_tf.config.model_factories import make_world_model
from planet_tf.errors import file_errors
from planet_tf.runs.checkpoints import restore_model
from planet_tf.runs.counters import Counters
from planet_tf.runs.directory import RunError, read_json


def load_agent(
  logdir: str | os.PathLike[str], checkpoint: str | None = None
) -> PlanetAgent:
  """Loads the trained agent of a run; see `load_run`."""
  agent, _ = load_run(logdir, checkpoint)
  return agent


def load_run(
  logdir: str | os.PathLike[str],
  checkpoint: str | None = None,
  files: Sequence[str] = (),
  params: Sequence[str] = (),
) -> tuple[PlanetAgent, Counters]:
  """Loads the agent of a run; replaces the current configuration.

  Args:
    logdir: Run directory.
    checkpoint: Path prefix of a checkpoint; the latest by default.
    files: Names of gin files to read after the configuration of the run.
    params: Bindings that win over the files.

  Returns:
    The agent, and the counters of the run at the checkpoint.

  Raises:
    RunError: If the folder is not a run directory.
    CheckpointError: If there is no such checkpoint, or it does not fit.
  """
  task = read_task(logdir)
  path = pathlib.Path(logdir).expanduser()
  gin_files.parse([str(path / 'config.gin'), *files], params)
  minimum = np.array(task['action_minimum'], np.float32)
  maximum = np.array(task['action_maximum'], np.float32)
  model = make_world_model(len(minimum), components=task['components'])
  position = restore_model(path / 'checkpoints', model, checkpoint)
  agent = PlanetAgent(model, make_planner(), minimum, maximum)
  return agent, Counters(**position['counters'])


def read_task(logdir: str | os.PathLike[str]) -> dict[str, Any]:
  """Reads the description of a run's environments.

  Args:
    logdir: Run directory.

  Returns:
    `tasks` (by name, each with its `action_repeat`), `components` (sizes by
    name of the parts of the simulator's state that the model may predict),
    `action_minimum` and `action_maximum` (of the agent's actions, [A]).

  Raises:
    RunError: If the folder is not a run directory.
  """
  path = pathlib.Path(logdir).expanduser()
  for name in ('config.gin', 'task.json'):
    with file_errors('read', path / name):
      found = (path / name).is_file()
    if not found:
      raise RunError(
        f'{str(path)!r} is not a run directory: it has no {name}; give the '
        '--logdir of a training run.'
      )
  content: dict[str, Any] = read_json(path / 'task.json')
  return content
