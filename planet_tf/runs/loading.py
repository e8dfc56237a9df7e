"""Loading what a run has learned."""

import os
import pathlib
from collections.abc import Sequence

import numpy as np

from planet_tf.agent import PlanetAgent
from planet_tf.config import gin_files
from planet_tf.config.factories import make_planner
from planet_tf.config.model_factories import make_world_model
from planet_tf.runs.checkpoints import restore_model
from planet_tf.runs.counters import Counters
from planet_tf.runs.directory import RunError, read_json


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
  gin_files.parse([str(path / 'config.gin'), *files], params)
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
  return read_json(path / 'task.json')
