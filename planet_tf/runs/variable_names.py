"""Names of a model's variables that identify them in checkpoints.

Keras numbers the names of layers that nobody named (`feed_forward_1`), so its
paths depend on how many models the process has built. The names here start
with the layer's role in the model instead:

weights     encoder/conv0/kernel, dynamics/gru/w_ru, heads/reward/mean/bias
optimizer   main/iteration, main/encoder/conv0/kernel/momentum
"""

from collections.abc import Iterable, Mapping

import keras

from planet_tf.world_model import WorldModel

Variables = dict[str, keras.Variable]


def weight_names(model: WorldModel) -> Variables:
  """Returns all variables of a model by name.

  Raises:
    ValueError: If names are not unique or a variable has none.
  """
  layers = {'encoder': model.encoder, 'dynamics': model.dynamics}
  layers |= {f'heads/{name}': head for name, head in model.heads.items()}
  pairs = []
  for role, layer in layers.items():
    for variable in layer.variables:
      path = variable.path.removeprefix(f'{model.name}/')
      pairs.append((f'{role}/{path.removeprefix(f"{layer.name}/")}', variable))
  return _unique(pairs, model.variables)


def optimizer_names(model: WorldModel) -> Variables:
  """Returns the variables of a compiled model's optimizers by name.

  The main optimizer is `main`, that of frozen heads is `frozen`.

  Raises:
    ValueError: If names are not unique or a variable has none.
  """
  # Keras names a slot after the flattened path of its variable.
  weights = {
    f'{variable.path.replace("/", "_")}_': name
    for name, variable in weight_names(model).items()
  }
  optimizers = {'main': model.optimizer, 'frozen': model.frozen_optimizer}
  pairs = [
    (f'{role}/{_slot_name(variable, weights)}', variable)
    for role, optimizer in optimizers.items()
    if optimizer is not None
    for variable in optimizer.variables
  ]
  return _unique(pairs, model.optimizer_variables)


def _slot_name(variable: keras.Variable, weights: Mapping[str, str]) -> str:
  """Returns `WEIGHT/SLOT`, or the variable's own name if it is no slot."""
  name = str(variable.name)
  matches = [prefix for prefix in weights if name.startswith(prefix)]
  if not matches:
    return name
  prefix = max(matches, key=len)
  return f'{weights[prefix]}/{name.removeprefix(prefix)}'


def _unique(
  pairs: Iterable[tuple[str, keras.Variable]],
  expected: Iterable[keras.Variable],
) -> Variables:
  names: Variables = {}
  for name, variable in pairs:
    if name in names:
      raise ValueError(
        f'Two variables are named {name!r} ({names[name].path} and '
        f'{variable.path}); give their layers different names.'
      )
    names[name] = variable
  known = {id(variable) for variable in names.values()}
  for variable in expected:
    if id(variable) not in known:
      raise ValueError(
        f'{variable.path} belongs to no encoder, dynamics, head or optimizer.'
      )
  return names
