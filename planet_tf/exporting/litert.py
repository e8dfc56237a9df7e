"""Exports the agent for LiteRT (TensorFlow Lite).

LiteRT has no stateless random operations. All noise is therefore an input.
"""

import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from planet_tf.agent import PlanetAgent
from planet_tf.exporting import metadata as metadata_file
from planet_tf.exporting.functions import Tensors, prefixed, unprefixed
from planet_tf.exporting.weights import FullWeights

FILE = 'act.tflite'


def noise_inputs(agent: PlanetAgent, batch: int) -> dict[str, dict[str, Any]]:
  """Returns shapes and distributions of the noise inputs of `act`.

  Args:
    agent: The agent.
    batch: Number of environments N.

  Returns:
    For each input: `shape`, and the standard deviation `normal` or the upper
    bound `uniform` (the lower bound is 0).
  """
  model, planner = agent.model, agent.planner
  latent, actions = model.dynamics.stochastic_size, model.action_size
  iterations, horizon = planner.iterations, planner.horizon
  candidates = planner.candidates
  normal = {
    'posterior': (batch, latent),
    'candidates': (iterations, batch, candidates, horizon, actions),
    'rollouts': (iterations, horizon, batch * candidates, latent),
    'exploration': (batch, actions),
  }
  return {
    'noise_dequantization': {
      'shape': [batch, 64, 64, 3],
      'uniform': 2.0**-model.image_bits,
    },
    **{
      f'noise_{name}': {'shape': list(shape), 'normal': 1.0}
      for name, shape in normal.items()
    },
  }


class _Act(tf.Module):
  """`AgentFunctions.act` with noise inputs."""

  def __init__(self, agent: PlanetAgent, batch: int) -> None:
    super().__init__()
    self.weights = FullWeights(agent.model)
    sizes = prefixed(agent.state_sizes)
    state = {name: (batch, size) for name, size in sizes.items()}
    shapes = {
      name: tuple(x['shape']) for name, x in noise_inputs(agent, batch).items()
    }
    self.inputs = {
      'image': tf.TensorSpec((batch, 64, 64, 3), tf.uint8, 'image'),
      'noise_scale': tf.TensorSpec((), tf.float32, 'noise_scale'),
      **{k: tf.TensorSpec(v, name=k) for k, v in (state | shapes).items()},
    }

    def act(**tensors: tf.Tensor) -> Tensors:
      noise = {name.removeprefix('noise_'): tensors[name] for name in shapes}
      before = unprefixed({name: tensors[name] for name in state})
      action, after, plan = agent.perform(
        tensors['image'], before, None, tensors['noise_scale'], noise
      )
      return {
        'action': action,
        **prefixed(after),
        'plan_mean': plan.mean,
        'plan_stddev': plan.stddev,
      }

    self.act = tf.function(act, autograph=False)


def convert(agent: PlanetAgent, batch: int, quantize: bool = False) -> bytes:
  """Converts `act`.

  Args:
    agent: The agent, with precision float32 and one split.
    batch: Number of environments N.
    quantize: Whether to store weights in 8 bits.

  Returns:
    Model with the signature `act`: inputs and outputs of `AgentFunctions.act`
    without `reset`, `seed` and returns, and with `noise_inputs`. The state at
    the start of an episode is zero.
  """
  module = _Act(agent, batch)
  concrete = module.act.get_concrete_function(**module.inputs)
  with tempfile.TemporaryDirectory() as folder:
    tf.saved_model.save(module, folder, {'act': concrete})
    converter = tf.lite.TFLiteConverter.from_saved_model(
      folder, signature_keys=['act']
    )
    if quantize:
      converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def save(
  agent: PlanetAgent,
  metadata: Mapping[str, Any],
  directory: pathlib.Path,
  batch: int,
) -> None:
  """Writes `act.tflite` and its metadata.

  Args:
    agent: As in `convert`.
    metadata: Result of `metadata.describe`.
    directory: Folder; created if it does not exist.
    batch: Number of environments N.
  """
  model = convert(agent, batch, metadata['weights'] == 'int8')
  noise = noise_inputs(agent, batch)
  metadata_file.write(directory, {**metadata, 'batch': batch, 'noise': noise})
  (directory / FILE).write_bytes(model)
