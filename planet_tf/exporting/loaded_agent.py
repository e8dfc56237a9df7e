"""What can be evaluated: the agent of a run, or an exported one."""

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


class Subject(NamedTuple):
  """An agent and where it comes from.

  Attributes:
    agent: The agent.
    functions: What else it can do.
    action_size: Size A of its actions.
    tasks: Names of its tasks.
    facts: Origin, updates, planner and precision, JSON values.
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
) -> Subject:
  """The agent of a run; arguments as `load_run`."""
  agent, counters = load_run(logdir, checkpoint, files, params)
  facts = {
    'logdir': logdir,
    'updates': counters.updates,
    'planner': agent.planner.keywords,
    'precision': agent.model.precision,
  }
  tasks = list(read_task(logdir)['tasks'])
  functions = AgentFunctions(agent)
  return Subject(agent, functions, agent.model.action_size, tasks, facts)


def from_saved_model(
  path: str,
  files: Sequence[str] = (),
  params: Sequence[str] = (),
  free: Sequence[str] = ('make_envs',),
) -> Subject:
  """The agent of a SavedModel; replaces the current configuration.

  Args:
    path: Folder of the SavedModel.
    files: Names of gin files to read after the configuration that it was
      exported with.
    params: Bindings that win over them.
    free: What may have other settings than at the export.

  Returns:
    The agent.

  Raises:
    ExportError: It cannot be used, or the settings are about what is fixed.
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
        f'{name} = {value!r} has no effect on a SavedModel, where it is '
        f'{before.get(name)!r} for good; export again with the setting.'
      )
  facts = {
    'saved_model': str(path),
    'updates': metadata['counters']['updates'],
    'planner': metadata['planner'],
    'precision': metadata['precision'],
  }
  size = metadata['action']['size']
  return Subject(agent, agent.functions, size, list(metadata['tasks']), facts)
