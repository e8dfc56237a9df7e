"""Sizes of measurements, as gin configurations."""

import dataclasses
import re
from typing import Any

from planet_tf.cli import UsageError
from planet_tf.config import gin_files


@dataclasses.dataclass(frozen=True)
class Size:
  """A configuration: planet.gin with changes.

  Attributes:
    name: Name on the command line.
    files: gin files to read after planet.gin.
    params: Bindings that win over them.
    plans: Whether planned actions are measured at this size.
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
  """Returns a size: `paper`, `paper_text` or a file in `gin_configs/scale`.

  Raises:
    ConfigurationError: If there is no such file.
  """
  if name == 'paper':
    return Size(name)
  if name == 'paper_text':  # Only its reward head, which plans use, differs.
    return Size(name, files=('paper_text.gin',), updates=False)
  file = f'scale/{name}.gin'
  gin_files.find_file(file)
  return Size(name, files=(file,))


def planner_size(name: str) -> Size:
  """Returns a planner `CANDIDATESxITERATIONS` with 10% of them as elites.

  Raises:
    UsageError: If the name has another form.
  """
  candidates, iterations = _two_numbers('planners', name, '500x5')
  params = (
    f'make_planner.candidates = {candidates}',
    f'make_planner.elites = {max(1, candidates // 10)}',
    f'make_planner.iterations = {iterations}',
  )
  return Size(name, params=params, updates=False)


def update_size(name: str) -> Size:
  """Returns an update of `CHUNKSxSTEPS` frames.

  Raises:
    UsageError: If the name has another form.
  """
  batch, length = _two_numbers('updates', name, '16x32')
  params = (
    f'make_sampler.batch = {batch}',
    f'make_sampler.length = {length}',
  )
  return Size(name, params=params, plans=False)


def with_numerics(size: Size, precision: str, num_splits: str) -> Size:
  """Returns a size with another precision and number of splits.

  Args:
    size: A size.
    precision: `float32`, `bfloat16` or `auto`.
    num_splits: A number, or `auto`.

  Raises:
    UsageError: If the number of splits is something else.
  """
  if not (num_splits == 'auto' or num_splits.isdigit()):
    raise UsageError(
      f'--num_splits={num_splits} must be a number or auto; the default is '
      'auto.'
    )
  value = num_splits if num_splits.isdigit() else repr(num_splits)
  params = (
    f'make_world_model.precision = {precision!r}',
    f'make_world_model.num_splits = {value}',
  )
  return dataclasses.replace(size, params=(*size.params, *params))


def current(function: str) -> dict[str, Any]:
  """Returns the current settings of a function by parameter."""
  return {
    key.split('.')[1]: value
    for key, value in gin_files.bindings().items()
    if key.startswith(f'{function}.')
  }


def _two_numbers(flag: str, name: str, example: str) -> tuple[int, int]:
  match = re.fullmatch(r'([1-9]\d*)x([1-9]\d*)', name)
  if not match:
    raise UsageError(f'--{flag}={name} must have the form {example}.')
  return int(match[1]), int(match[2])
