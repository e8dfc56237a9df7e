"""Writes and loads SavedModels, in folders that TensorFlow Serving can serve.

DIR/1/saved_model.pb, variables/   functions; loading needs only TensorFlow
DIR/1/assets.extra/                metadata.json and config.gin
"""

import pathlib
import shutil
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from planet_tf.agent import AgentPolicy, AgentState
from planet_tf.errors import one_line
from planet_tf.exporting import metadata as metadata_file
from planet_tf.exporting.functions import AgentFunctions, Tensors
from planet_tf.exporting.metadata import ExportError
from planet_tf.ops.auto import choose_num_splits

EXTRA = 'assets.extra'  # TensorFlow Serving ignores this folder.

# Exceptions that TensorFlow raises for damaged or unsupported SavedModels.
_UNREADABLE = (OSError, ValueError, KeyError, tf.errors.OpError)


def save(
  functions: AgentFunctions,
  metadata: Mapping[str, Any],
  directory: pathlib.Path,
) -> pathlib.Path:
  """Writes the next version of a SavedModel.

  Args:
    functions: Functions to save.
    metadata: Result of `metadata.describe`.
    directory: Folder of all versions; created if it does not exist.

  Returns:
    Folder of the version. It is renamed into place when it is complete.
  """
  directory.mkdir(parents=True, exist_ok=True)
  target = directory / str(max([0, *_versions(directory)]) + 1)
  unfinished = directory / f'.{target.name}'
  shutil.rmtree(unfinished, ignore_errors=True)
  signatures = {
    name: getattr(functions, name).get_concrete_function()
    for name in ('act', 'initial_state', 'observe', 'imagine', 'reconstruct')
  }
  tf.saved_model.save(functions, str(unfinished), signatures)
  metadata_file.write(unfinished / EXTRA, metadata)
  return unfinished.rename(target)


class SavedAgent:
  """Agent loaded from a SavedModel, with the interface of `PlanetAgent`.

  Args:
    path: Folder of a SavedModel, or of several versions; the latest is loaded.

  Raises:
    ExportError: If there is no SavedModel or it cannot be loaded.
  """

  def __init__(self, path: pathlib.Path) -> None:
    path = pathlib.Path(path).expanduser()
    versions = _versions(path) if path.is_dir() else []
    self.path = path / str(max(versions)) if versions else path
    if not (self.path / 'saved_model.pb').is_file():
      raise ExportError(
        f'No SavedModel in {str(path)!r}; give a folder that python -m '
        'planet_tf.export has written.'
      )
    self.metadata = metadata_file.read(self.path / EXTRA)
    choose_num_splits(self.metadata['num_splits'])
    try:
      self.functions = tf.saved_model.load(str(self.path))
    except _UNREADABLE as error:
      raise ExportError(
        f'{str(self.path)!r} cannot be loaded with TensorFlow '
        f'{tf.__version__} ({one_line(error)}); it was '
        f'written with {self.metadata["session"]["tensorflow"]}.'
      ) from error

  def initial_state(self, batch: int) -> AgentState:
    """Returns the state before an episode's first observation."""
    return self.functions.initial_state(batch)

  def step(
    self,
    image: np.ndarray | tf.Tensor,
    state: AgentState,
    *,
    seed: np.ndarray | tf.Tensor,
    exploration: float = 0.0,
  ) -> tuple[tf.Tensor, AgentState, Tensors]:
    """Chooses actions; see `PlanetAgent.step`."""
    results = self.functions.act(
      image=image,
      **state,
      reset=np.zeros(len(image), bool),
      seed=seed,
      noise_scale=exploration,
    )
    return results['action'], {name: results[name] for name in state}, results

  def policy(self, seed: np.ndarray, exploration: float = 0.0) -> AgentPolicy:
    """Returns a policy for `control.simulate`; see `PlanetAgent.policy`."""
    return AgentPolicy(self, seed, exploration)


def _versions(directory: pathlib.Path) -> list[int]:
  return [int(x.name) for x in directory.iterdir() if x.name.isdecimal()]
