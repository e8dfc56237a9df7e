"""Metadata of an export: `metadata.json` and `config.gin`."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import planet_tf
from planet_tf.agent import PlanetAgent
from planet_tf.config import gin_files
from planet_tf.errors import UserError
from planet_tf.runs.atomic_files import atomic_write, atomic_write_json
from planet_tf.runs.counters import Counters
from planet_tf.runs.provenance import describe_process

FILE = 'metadata.json'
CONFIG = 'config.gin'

# Bump on every incompatible change of the export format.
FORMAT = 1


class ExportError(UserError):
  """An export that cannot be written or used; the message is one line."""


def describe(
  agent: PlanetAgent,
  task: Mapping[str, Any],
  counters: Counters,
  weights: str,
) -> dict[str, Any]:
  """Returns metadata of an agent as JSON values.

  Args:
    agent: The agent.
    task: Result of `runs.loading.read_task`.
    counters: Counters of the run.
    weights: Type of the stored weights.
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
    'planner': dataclasses.asdict(agent.planner),
    'precision': model.precision,
    'num_splits': model.num_splits,
    'weights': weights,
  }


def write(directory: pathlib.Path, metadata: Mapping[str, Any]) -> None:
  """Writes metadata and the current configuration into a folder."""
  directory.mkdir(parents=True, exist_ok=True)
  atomic_write_json(directory / FILE, metadata)
  atomic_write(directory / CONFIG, gin_files.text())


def read(directory: pathlib.Path) -> dict[str, Any]:
  """Reads the metadata of an export.

  Args:
    directory: Folder with the metadata.

  Raises:
    ExportError: If the metadata is missing, damaged or of another format.
  """
  path = directory / FILE
  try:
    metadata = json.loads(path.read_text())
  except FileNotFoundError as error:
    raise ExportError(
      f'{str(path)!r} is missing; give a folder that python -m '
      'planet_tf.export has written.'
    ) from error
  except OSError as error:
    raise ExportError(
      f'{str(path)!r} cannot be read ({error.strerror}); fix its permissions.'
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
