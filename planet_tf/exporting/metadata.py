"""What an export says about itself: `metadata.json` and `config.gin`."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import planet_tf
from planet_tf.agent import PlanetAgent
from planet_tf.config import gin_files
from planet_tf.errors import UserError
from planet_tf.runs.atomic_files import atomic_write_json
from planet_tf.runs.counters import Counters
from planet_tf.runs.provenance import describe_process

FILE = 'metadata.json'
CONFIG = 'config.gin'

# Goes up when exports of before can no longer be used.
FORMAT = 1


class ExportError(UserError):
  """An export that cannot be written or used; the message is one line."""


def describe(
  agent: PlanetAgent,
  task: Mapping[str, Any],
  counters: Counters,
  weights: str,
) -> dict[str, Any]:
  """Describes an agent that has just been loaded from a run.

  Args:
    agent: The agent.
    task: What `trained_run.read_task` returns.
    counters: Counters of the run.
    weights: How the weights are stored.

  Returns:
    JSON values.
  """
  model = agent.model
  return {
    'format': FORMAT,
    'planet_tf': planet_tf.__version__,
    'session': describe_process(),
    'tasks': task['tasks'],
    'action': {
      'size': model.action_size,
      'minimum': agent.minimum.tolist(),
      'maximum': agent.maximum.tolist(),
    },
    'image': {'shape': [64, 64, 3], 'dtype': 'uint8'},
    'counters': counters.as_dict(),
    'planner': agent.planner.keywords,
    'precision': model.precision,
    'num_splits': model.num_splits,
    'weights': weights,
  }


def write(directory: pathlib.Path, metadata: Mapping[str, Any]) -> None:
  """Writes metadata and current configuration into the folder of an export."""
  directory.mkdir(parents=True, exist_ok=True)
  atomic_write_json(directory / FILE, metadata)
  (directory / CONFIG).write_text(gin_files.text())


def read(directory: pathlib.Path) -> dict[str, Any]:
  """Reads the metadata of an export.

  Args:
    directory: Its folder.

  Raises:
    ExportError: The folder holds none, or that of another format.
  """
  path = directory / FILE
  try:
    metadata = json.loads(path.read_text())
  except FileNotFoundError as error:
    raise ExportError(
      f'{str(path)!r} is missing; give a folder that python -m '
      'planet_tf.export has written.'
    ) from error
  except ValueError as error:
    raise ExportError(f'{str(path)!r} is damaged ({error}).') from error
  found = metadata.get('format')
  if found != FORMAT:
    raise ExportError(
      f'{str(directory)!r} is an export of planet_tf '
      f'{metadata.get("planet_tf")} in format {found}, and this version uses '
      f'format {FORMAT}; export it again.'
    )
  return metadata
