"""Maps the original's variable names to the variables of a world model.

The golden tests and the reader of the original's checkpoints use these names.
Both sides have the same layouts: dense kernels [in, out], convolutions
[h, w, in, out], transposed convolutions [h, w, out, in], the GRU's kernels
over [input, state] with the reset gate before the update gate.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np

from planet_tf import models, networks
from planet_tf.models.layers import GRUBlockCell, PrecomputedDense
from planet_tf.networks.convolution import (
  PointConv2DTranspose,
  StridedConv2D,
  StridedConv2DTranspose,
)
from planet_tf.ops.precision import MixedDense
from planet_tf.world_model import WorldModel

# Scope of the original -> attribute paths of our layers, in the original's
# order of creation. It numbers the layers of a scope by kind: dense, dense_1.
_ENCODER = {'encoder': ('encoder.convolutions',)}
_DYNAMICS: dict[type, dict[str, tuple[str, ...]]] = {
  models.RSSM: {
    'rnn/rssm/transition': (
      'dynamics.input_layers',
      'dynamics.gru',
      'dynamics.output_layers',
      'dynamics.prior_gaussian.mean',
      'dynamics.prior_gaussian.stddev',
    ),
    'rnn/rssm/posterior': (
      'dynamics.posterior_input',
      'dynamics.posterior_layers',
      'dynamics.posterior_gaussian.mean',
      'dynamics.posterior_gaussian.stddev',
    ),
  },
  models.SSM: {
    'rnn/ssm/transition': (
      'dynamics.transition_hidden',
      'dynamics.prior_gaussian.mean',
      'dynamics.prior_gaussian.stddev',
    ),
    'rnn/ssm/posterior': (
      'dynamics.posterior_hidden',
      'dynamics.posterior_gaussian.mean',
      'dynamics.posterior_gaussian.stddev',
    ),
  },
  models.DRNN: {
    'rnn/drnn/posterior': (
      'dynamics.encoder',
      'dynamics.hidden',
      'dynamics.gaussian.mean',
      'dynamics.gaussian.stddev',
      'dynamics.decoder',
    ),
  },
}
_HEADS = {
  networks.Decoder: ('dense', 'transposed'),
  networks.FeedForward: ('hidden', 'mean'),
}

# Class of our layer -> kind of the original's layer.
_KINDS = {
  GRUBlockCell: 'gru_cell',
  MixedDense: 'dense',
  PointConv2DTranspose: 'conv2d_transpose',
  PrecomputedDense: 'dense',
  StridedConv2D: 'conv2d',
  StridedConv2DTranspose: 'conv2d_transpose',
  keras.layers.Dense: 'dense',
}


def original_variables(model: WorldModel) -> dict[str, keras.Variable]:
  """Returns a model's variables by the original's names.

  Args:
    model: World model.

  Returns:
    Variables by names such as `graph/encoder/conv2d_1/kernel`.

  Raises:
    ValueError: The original has no such dynamics.
  """
  variables = {}
  for scope, paths in _scopes(model).items():
    counts: dict[str, int] = {}
    for layer in _layers(model, paths):
      kind = _KINDS[type(layer)]
      index = counts.get(kind, 0)
      counts[kind] = index + 1
      suffix = f'_{index}' if index else ''
      for variable in layer.variables:
        name = f'graph/{scope}/{kind}{suffix}/{variable.name}'
        variables[name] = variable
  return variables


def adam_slots(
  optimizer: keras.optimizers.Adam, model: WorldModel
) -> dict[str, keras.Variable]:
  """Returns an optimizer's moments by the original's names.

  Args:
    optimizer: Adam optimizer, built for the model's variables.
    model: World model.

  Returns:
    Variables by names such as `graph/graph/encoder/conv2d/kernel/main` for the
    first moment and `.../main_1` for the second.
  """
  position = {id(v): i for i, v in enumerate(model.trainable_variables)}
  slots = {}
  for name, variable in original_variables(model).items():
    index = position[id(variable)]
    slots[f'graph/{name}/main'] = optimizer._momentums[index]
    slots[f'graph/{name}/main_1'] = optimizer._velocities[index]
  return slots


def load_original(model: WorldModel, values: Mapping[str, np.ndarray]) -> None:
  """Assigns the original's weights to a model.

  Args:
    model: World model.
    values: Arrays by the original's names; extra names are an error.

  Raises:
    ValueError: Names or shapes do not match the model; the message lists all.
  """
  variables = original_variables(model)
  shapes = {name: tuple(variable.shape) for name, variable in variables.items()}
  found = {name: tuple(value.shape) for name, value in values.items()}
  problems = {
    'missing': sorted(set(shapes) - set(found)),
    'not in this model': sorted(set(found) - set(shapes)),
    'of another size': [
      f'{name} {found[name]} instead of {shape}'
      for name, shape in sorted(shapes.items())
      if found.get(name, shape) != shape
    ],
  }
  text = '; '.join(f'{k}: {", ".join(v)}' for k, v in problems.items() if v)
  if text:
    raise ValueError(f'The weights do not match this model ({text}).')
  for name, variable in variables.items():
    variable.assign(values[name])


def _scopes(model: WorldModel) -> dict[str, tuple[str, ...]]:
  """Returns the attribute paths of a model's layers by scope."""
  kind = type(model.dynamics)
  if kind not in _DYNAMICS:
    raise ValueError(f'The original has no {kind.__name__} dynamics.')
  heads: dict[str, tuple[str, ...]] = {
    f'head_{name}': tuple(f'heads.{name}.{x}' for x in _HEADS[type(head)])
    for name, head in model.heads.items()
  }
  return {**_ENCODER, **_DYNAMICS[kind], **heads}


def _layers(
  model: WorldModel, paths: Iterable[str]
) -> Iterable[keras.layers.Layer]:
  """Yields the layers at attribute paths; a path may name a list."""
  for path in paths:
    value: Any = model
    for part in path.split('.'):
      value = value[part] if isinstance(value, dict) else getattr(value, part)
    yield from value if isinstance(value, list) else [value]
