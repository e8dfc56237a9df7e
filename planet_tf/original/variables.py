"""The original's variable names, for golden tests and its checkpoints.

Layouts are the same on both sides: dense kernels [in, out], convolutions
[h, w, in, out], transposed convolutions [h, w, out, in], the GRU's kernels
over [input, state] with the reset gate before the update gate.
"""

from collections.abc import Iterable, Mapping

import keras
import numpy as np

from planet_tf import models, networks
from planet_tf.world_model import WorldModel

# Scope of the original -> its layers in order of creation, as paths of ours.
# The original numbers the layers of a scope by kind: dense, dense_1, ...
_ENCODER = {'encoder': ('encoder.convolutions',)}
_DYNAMICS = {
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

# Class of our layer -> what the original calls it.
_KINDS = {
  'Conv2D': 'conv2d',
  'Conv2DTranspose': 'conv2d_transpose',
  'Dense': 'dense',
  'GRU': 'gru_cell',
  'PointTransposed': 'conv2d_transpose',
  'PrecomputedDense': 'dense',
}


def original_variables(model: WorldModel) -> dict[str, keras.Variable]:
  """Maps the original's variable names to the variables of a model.

  Args:
    model: A world model.

  Returns:
    Names such as `graph/encoder/conv2d_1/kernel` and our variables.

  Raises:
    ValueError: If the original has no such dynamics.
  """
  variables = {}
  for scope, paths in _scopes(model).items():
    counts = {}
    for layer in _layers(model, paths):
      kind = _KINDS[type(layer).__name__]
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
  """Maps the original's names of Adam's slots to an optimizer's variables.

  Args:
    optimizer: An Adam optimizer built for the model's variables.
    model: A world model.

  Returns:
    Names such as `graph/graph/encoder/conv2d/kernel/main` (first moment;
    `main_1` is the second) and the optimizer's variables.
  """
  position = {id(v): i for i, v in enumerate(model.trainable_variables)}
  slots = {}
  for name, variable in original_variables(model).items():
    index = position[id(variable)]
    slots[f'graph/{name}/main'] = optimizer._momentums[index]
    slots[f'graph/{name}/main_1'] = optimizer._velocities[index]
  return slots


def load_original(model: WorldModel, values: Mapping[str, np.ndarray]) -> None:
  """Assigns weights of the original to a model.

  Args:
    model: A world model.
    values: Arrays by the original's names; extra names are an error.

  Raises:
    ValueError: If names or shapes do not match the model; lists them all.
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
    raise ValueError(f'The weights do not fit this model ({text}).')
  for name, variable in variables.items():
    variable.assign(values[name])


def _scopes(model: WorldModel) -> dict[str, tuple[str, ...]]:
  """Scopes of a model's variables, and the layers in each."""
  kind = type(model.dynamics)
  if kind not in _DYNAMICS:
    raise ValueError(f'The original has no {kind.__name__} dynamics.')
  heads = {
    f'head_{name}': tuple(f'heads.{name}.{x}' for x in _HEADS[type(head)])
    for name, head in model.heads.items()
  }
  return {**_ENCODER, **_DYNAMICS[kind], **heads}


def _layers(
  model: WorldModel, paths: Iterable[str]
) -> Iterable[keras.layers.Layer]:
  for path in paths:
    value = model
    for part in path.split('.'):
      value = value[part] if isinstance(value, dict) else getattr(value, part)
    yield from value if isinstance(value, list) else [value]
