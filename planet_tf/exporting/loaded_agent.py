"""Loads an agent from a run or from an export."""

import dataclasses
import pathlib
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from planet_tf.agent import PlanetAgent
from planet_tf.config import gin_files
from planet_tf.exporting.functions import AgentFunctions
from planet_tf.exporting.metadata import CONFIG, ExportError
from planet_tf.exporting.saved_model import EXTRA, SavedAgent
from planet_tf.runs.loading import load_run, read_task


class LoadedAgent(NamedTuple):
  """An agent with its functions, tasks and provenance.

  Attributes:
    agent: The agent.
    functions: Functions of the agent.
    action_size: Size A of an action.
    tasks: Names of the tasks.
    facts: Path, updates, planner and precision as JSON values.
  """

  agent: PlanetAgent | SavedAgent
  functions: AgentFunctions
  action_size: int
  tasks: list[str]
  facts: dict[str, Any]


def from_run(
  logdir: str,
  checkpoint: str | None = None,
  files: Sequence[str] = (),
  params: Sequence[str] = (),
) -> LoadedAgent:
  """Loads the agent of a run; arguments as `load_run`."""
  agent, counters = load_run(logdir, checkpoint, files, params)
  facts = {
    'logdir': logdir,
    'updates': counters.updates,
    'planner': dataclasses.asdict(agent.planner),
    'precision': agent.model.precision,
  }
  tasks = list(read_task(logdir)['tasks'])
  functions = AgentFunctions(agent)
  return LoadedAgent(agent, functions, agent.model.action_size, tasks, facts)


def from_saved_model(
  path: str,
  files: Sequence[str] = (),
  params: Sequence[str] = (),
  free: Sequence[str] = ('make_envs',),
) -> LoadedAgent:
  """Loads the agent of a SavedModel; replaces the current configuration.

  Args:
    path: Folder of the SavedModel.
    files: Names of gin files to read after the configuration of the export.
    params: Bindings that win over the files.
    free: Names of the functions whose settings may change after the export.

  Raises:
    ExportError: If the SavedModel cannot be loaded, or a setting is fixed in
      it.
  """
  agent = SavedAgent(pathlib.Path(path))
  metadata, config = agent.metadata, str(agent.path / EXTRA / CONFIG)
  gin_files.parse([config])
  before = gin_files.bindings()
  gin_files.parse([config, *files], params)
  after = gin_files.bindings()
  for name, value in after.items():
    about = re.split(r'[/.]', name)[-2]
    if before.get(name) != value and about not in free:
      raise ExportError(
        f'{name} = {value!r} has no effect, because it is fixed at '
        f'{before.get(name)!r} in the SavedModel; export the agent again with '
        'this setting.'
      )
  facts = {
    'saved_model': str(path),
    'updates': metadata['counters']['updates'],
    'planner': metadata['planner'],
    'precision': metadata['precision'],
  }
  size = metadata['action']['size']
  return LoadedAgent(
    agent, agent.functions, size, list(metadata['tasks']), facts
  )
