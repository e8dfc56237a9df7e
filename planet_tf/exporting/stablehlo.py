"""The agent as a StableHLO program, for runtimes without TensorFlow."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from planet_tf.agent import PlanetAgent
from planet_tf.exporting import lowering
from planet_tf.exporting import metadata as metadata_file
from planet_tf.exporting.functions import AgentFunctions


def lower_act(agent: PlanetAgent, batch: int) -> lowering.Program:
  """Lowers `AgentFunctions.act`.

  Args:
    agent: The agent.
    batch: Number of environments N.

  Returns:
    The program, with a call on black images in the initial state.
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
  """Writes `act` as a program; `exporting.lowering` lists the files.

  Args:
    agent: The agent.
    metadata: What `metadata.describe` returns.
    directory: Folder; made if it does not exist.
    batch: Number of environments N.
  """
  lowering.save(lower_act(agent, batch), directory)
  metadata_file.write(directory, {**metadata, 'batch': batch})
