"""The sizes at which things are measured, as gin configurations."""

import dataclasses
import re

from planet_tf.cli import UsageError
from planet_tf.config import gin_files


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
    gin_files.parse(self.files, self.params)


def named_size(name: str) -> Size:
  """A size of `gin_configs/scale`, `paper` for planet.gin, or `paper_text`.

  Raises:
    ConfigurationError: There is no such file.
  """
  if name == 'paper':
    return Size(name)
  if name == 'paper_text':  # Differs in the head that plans evaluate.
    return Size(name, files=('paper_text.gin',), updates=False)
  file = f'scale/{name}.gin'
  gin_files.find_file(file)
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


def constructed(size: Size, precision: str, num_splits: str) -> Size:
  """The same size with another precision and number of num_splits.

  Args:
    size: A size.
    precision: `float32`, `bfloat16` or `auto`.
    num_splits: A number, or `auto`.
  """
  num_splits = num_splits if num_splits.isdigit() else repr(num_splits)
  params = (
    f'make_world_model.precision = {precision!r}',
    f'make_world_model.num_splits = {num_splits}',
  )
  return dataclasses.replace(size, params=(*size.params, *params))


def current(function: str) -> dict[str, object]:
  """The current settings of a configurable function, by parameter."""
  return {
    key.split('.')[1]: value
    for key, value in gin_files.bindings().items()
    if key.startswith(f'{function}.')
  }


def _two_numbers(flag: str, name: str, example: str) -> tuple[int, int]:
  match = re.fullmatch(r'([1-9]\d*)x([1-9]\d*)', name)
  if not match:
    raise UsageError(f'--{flag}={name} is not of the form {example}.')
  return int(match[1]), int(match[2])
