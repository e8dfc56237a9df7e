"""The sizes at which things are measured, as gin configurations."""

import dataclasses
import re

from planet_tf.command_line import UsageError
from planet_tf.training import configuration
from planet_tf.training.machine import choose_precision


@dataclasses.dataclass(frozen=True)
class Size:
  """A configuration: planet.gin with changes.

  Attributes:
    name: As it was asked for.
    files: Gin files on top of planet.gin.
    params: Bindings on top of these.
    plans: Whether planned actions are measured at it.
    updates: Whether updates, batches and preprocessing are.
  """

  name: str
  files: tuple[str, ...] = ()
  params: tuple[str, ...] = ()
  plans: bool = True
  updates: bool = True

  def apply(self) -> None:
    """Makes it the current configuration."""
    configuration.parse(self.files, self.params)


def named_size(name: str) -> Size:
  """A size of `gin_configs/scale`, or `paper` for planet.gin alone.

  Raises:
    ConfigurationError: There is no such file.
  """
  if name == 'paper':
    return Size(name)
  file = f'scale/{name}.gin'
  configuration.find_file(file)
  return Size(name, files=(file,))


def planner_size(name: str) -> Size:
  """A planner `CANDIDATESxITERATIONS`; a tenth of the candidates are elites.

  Raises:
    UsageError: The name has another form.
  """
  candidates, iterations = _two_numbers('planners', name, '500x5')
  params = (
    f'make_planner.candidates = {candidates}',
    f'make_planner.elites = {max(1, candidates // 10)}',
    f'make_planner.iterations = {iterations}',
  )
  return Size(name, params=params, updates=False)


def update_size(name: str) -> Size:
  """An update of `CHUNKSxSTEPS` frames.

  Raises:
    UsageError: The name has another form.
  """
  batch, length = _two_numbers('updates', name, '16x32')
  params = (
    f'make_sampler.batch = {batch}',
    f'make_sampler.length = {length}',
  )
  return Size(name, params=params, plans=False)


def with_precision(size: Size, precision: str | None) -> Size:
  """The same size with another precision; None keeps its own."""
  if precision is None:
    return size
  param = f'make_world_model.precision = {precision!r}'
  return dataclasses.replace(size, params=(*size.params, param))


def current(function: str) -> dict[str, object]:
  """The current settings of a configurable function, by parameter."""
  return {
    key.split('.')[1]: value
    for key, value in configuration.bindings().items()
    if key.startswith(f'{function}.')
  }


def current_precision() -> str:
  """The type of the convolutions' products on this machine."""
  return choose_precision(current('make_world_model')['precision'])


def _two_numbers(flag: str, name: str, example: str) -> tuple[int, int]:
  match = re.fullmatch(r'([1-9]\d*)x([1-9]\d*)', name)
  if not match:
    raise UsageError(f'--{flag}={name} is not of the form {example}.')
  return int(match[1]), int(match[2])
