"""Exports the agent as a StableHLO program."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from planet_tf.agent import PlanetAgent
from planet_tf.exporting import lowering
from planet_tf.exporting import metadata as metadata_file
from planet_tf.exporting.functions import AgentFunctions


def lower_act(agent: PlanetAgent, batch: int) -> lowering.Program:
  """Lowers `AgentFunctions.act`; the call has black images as input.

  Args:
    agent: The agent.
    batch: Number of environments N.
  """
  functions = AgentFunctions(agent)
  inputs = {
    name: np.zeros(spec.shape, spec.dtype.as_numpy_dtype)
    for name, spec in functions.act_inputs(batch).items()
  }
  variables = {x.path: x.value for x in agent.model.variables}
  return lowering.lower(lambda x: functions.act(**x), inputs, variables)


def save(
  agent: PlanetAgent,
  metadata: Mapping[str, Any],
  directory: pathlib.Path,
  batch: int,
) -> None:
  """Writes the program of `act`; `exporting.lowering` lists the files.

  Args:
    agent: The agent.
    metadata: Result of `metadata.describe`.
    directory: Folder; created if it does not exist.
    batch: Number of environments N.
  """
  lowering.save(lower_act(agent, batch), directory)
  metadata_file.write(directory, {**metadata, 'batch': batch})
