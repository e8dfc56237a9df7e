"""Exports the agent of a run in one of the formats."""

import os
import pathlib
from collections.abc import Sequence
from typing import Literal

from planet_tf.errors import file_errors
from planet_tf.exporting import litert, metadata, saved_model, stablehlo
from planet_tf.exporting.functions import AgentFunctions
from planet_tf.exporting.metadata import ExportError
from planet_tf.exporting.weights import FullWeights, Int8Weights
from planet_tf.runs.loading import load_run, read_task

Format = Literal['saved_model', 'stablehlo', 'litert']


def export_run(
  logdir: str | os.PathLike[str],
  output: str | os.PathLike[str],
  format: Format = 'saved_model',
  *,
  checkpoint: str | None = None,
  precision: Literal['float32', 'bfloat16'] | None = None,
  weights: Literal['float32', 'int8'] = 'float32',
  batch: int = 1,
  files: Sequence[str] = (),
  params: Sequence[str] = (),
) -> pathlib.Path:
  """Loads the agent of a run and exports it.

  Replaces the current configuration.

  Args:
    logdir: Run directory of the agent.
    output: Folder to write; created if it does not exist.
    format: Format of the export.
    checkpoint: Path prefix of a checkpoint; the latest by default.
    precision: Type of matrix products; by default that of the run, and
      float32 for `litert`.
    weights: Type of the stored weights.
    batch: Number of environments of `stablehlo` and `litert`.
    files: Names of gin files to read after the configuration of the run.
    params: Bindings that win over the files.

  Returns:
    Folder of the export.

  Raises:
    ExportError: If the options do not fit together.
    RunError: If `logdir` is not a run directory.
    CheckpointError: If there is no such checkpoint.
  """
  _check_options(format, weights, precision)
  params = list(params)
  if precision or format == 'litert':
    params.append(f'make_world_model.precision = {precision or "float32"!r}')
  if format != 'saved_model':
    params.append('make_world_model.num_splits = 1')
  agent, counters = load_run(logdir, checkpoint, files, params)
  print(f'Loaded the agent after {counters.updates} updates.')
  facts = metadata.describe(agent, read_task(logdir), counters, weights)
  print(f'Writing {format}; this takes some seconds.', flush=True)
  path = pathlib.Path(output).expanduser()
  if format == 'saved_model':
    stored = Int8Weights if weights == 'int8' else FullWeights
    functions = AgentFunctions(agent, stored(agent.model))
    with file_errors('write', path):
      return saved_model.save(functions, facts, path)
  save = stablehlo.save if format == 'stablehlo' else litert.save
  with file_errors('write', path):
    save(agent, facts, path, batch)
  return path


def _check_options(format: str, weights: str, precision: str | None) -> None:
  if format == 'stablehlo' and weights == 'int8':
    raise ExportError(
      '--weights=int8 is not for --format=stablehlo; leave it out.'
    )
  if format == 'litert' and precision == 'bfloat16':
    raise ExportError(
      '--precision=bfloat16 is not for --format=litert; leave it out.'
    )
