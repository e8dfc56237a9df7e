"""Floating-point operations of plans and updates, from layer sizes."""

import math
from collections.abc import Iterable, Mapping

import keras

from planet_tf.world_model import WorldModel

# Width of the map to which each kernel of conv_ha is applied.
_ENCODER_MAPS = (31, 14, 6, 2)
_DECODER_MAPS = (1, 5, 13, 30)


def plan_flops(
  model: WorldModel, planner: Mapping[str, object], agents: int
) -> float:
  """Returns the operations of the predictions of a plan.

  Args:
    model: A world model.
    planner: The settings of `make_planner`.
    agents: Number of environments to plan for at once.
  """
  dynamics = model.dynamics
  observed = {
    id(variable)
    for name, layer in vars(dynamics).items()
    if name.startswith('posterior')
    for variable in _variables(layer)
  }
  kernels = [v for v in dynamics.variables if id(v) not in observed]
  kernels += model.heads['reward'].variables
  sizes = ('candidates', 'iterations', 'horizon')
  rows = agents * math.prod(planner[size] for size in sizes)
  return 2.0 * rows * _products(kernels)


def update_flops(model: WorldModel, frames: int) -> float:
  """Returns operations of products and convolutions, with gradients."""
  encoder = _convolutions(model.encoder.convolutions, _ENCODER_MAPS)
  # The gradient with respect to images is not needed.
  first = _convolutions(model.encoder.convolutions[:1], _ENCODER_MAPS)
  decoder = model.heads['image']
  images = _convolutions(decoder.transposed, _DECODER_MAPS)
  small = _products(decoder.dense.variables) + _products(
    variable
    for layer in (model.dynamics, *model.heads.values())
    if layer is not decoder
    for variable in layer.variables
  )
  return 2.0 * frames * (3 * (encoder + images + small) - first)


def _convolutions(
  layers: Iterable[keras.layers.Layer], widths: Iterable[int]
) -> int:
  """Returns the multiplications for one image."""
  return sum(
    width**2 * math.prod(layer.kernel.shape)
    for layer, width in zip(layers, widths, strict=False)
  )


def _products(variables: Iterable[keras.Variable]) -> int:
  """Returns the multiplications for one row; biases have none."""
  return sum(math.prod(v.shape) for v in variables if len(v.shape) == 2)


def _variables(layer: object) -> list[keras.Variable]:
  if isinstance(layer, list):
    return [v for each in layer for v in _variables(each)]
  return layer.variables if isinstance(layer, keras.layers.Layer) else []
