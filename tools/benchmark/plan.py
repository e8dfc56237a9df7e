"""Plans which measurements run, at which sizes and in which order."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from planet_tf.cli import UsageError
from planet_tf.envs.registry import find_task
from planet_tf.envs.tasks import needs_rendering
from planet_tf.errors import did_you_mean
from planet_tf.ops import hardware
from tools.benchmark import PARTS
from tools.benchmark.sizes import (
  Size,
  named_size,
  planner_size,
  update_size,
  with_numerics,
)

WORKERS = (1, 2)
EXPORTS = ('saved_model', 'saved_model_int8', 'litert', 'stablehlo')
# Arguments of `make_jobs`, which are flags of the command.
OPTIONS = (
  'parts',
  'sizes',
  'planners',
  'updates',
  'agents',
  'precision',
  'num_splits',
  'task',
)


@dataclasses.dataclass(frozen=True)
class Job:
  """One row to measure.

  Attributes:
    part: One of PARTS; a function in `parts`.
    size: The configuration.
    options: Further arguments of the function.
  """

  part: str
  size: Size
  options: Mapping[str, object] = dataclasses.field(default_factory=dict)


def plan_jobs(compare: bool, options: Mapping[str, Any]) -> list[Job]:
  """Returns the jobs of `make_jobs`, or of `make_alternatives` to compare."""
  if compare:
    return make_alternatives(options['sizes'], hardware.cores())
  return make_jobs(**options)


def make_jobs(
  parts: Sequence[str],
  *,
  sizes: Sequence[str],
  planners: Sequence[str],
  updates: Sequence[str],
  agents: Sequence[str],
  precision: str,
  num_splits: str,
  task: Sequence[str],
) -> list[Job]:
  """Plans all measurements except matrix products.

  Args:
    parts: Parts to measure.
    sizes: `paper`, `paper_text`, or names of files in gin_configs/scale.
    planners: More planners, such as `500x5`.
    updates: More updates, such as `16x32`.
    agents: Numbers of environments N to plan for at once.
    precision: Precision at all sizes.
    num_splits: Number of splits at all sizes, or `auto`.
    task: Tasks whose environments are measured.

  Returns:
    The jobs in the order of the parts.

  Raises:
    UsageError: If a part is unknown, or a size has another form.
    ConfigurationError: If there is no file for a size.
    UnknownTask: If there is no such task.
  """
  for part in parts:
    if part not in PARTS:
      hint = did_you_mean(part, PARTS) or f'; choose from {", ".join(PARTS)}'
      raise UsageError(f'--parts={part} is unknown{hint}.')
  counts = [count(text) for text in agents]
  all_sizes = [
    with_numerics(size, precision, num_splits)
    for size in dict.fromkeys(
      [
        *map(named_size, sizes),
        *map(planner_size, planners),
        *map(update_size, updates),
      ]
    )
  ]
  plan_sizes = [size for size in all_sizes if size.plans]
  update_sizes = [size for size in all_sizes if size.updates]
  jobs = [
    *(Job('action', x, {'agents': n}) for x in plan_sizes for n in counts),
    *_export_jobs(all_sizes),
    *(Job('filter', x) for x in plan_sizes[:1]),
    *(Job('update', x) for x in update_sizes),
    *(
      Job('cycle', x, {'task': task[0]})
      for x in all_sizes
      if x.plans and x.updates and x.name != 'paper'
    ),
    *_env_jobs(task),
    *(Job('batch', x) for x in update_sizes),
    *(Job('preprocess', x) for x in update_sizes),
  ]
  return [job for job in jobs if job.part in parts]


def make_alternatives(sizes: Sequence[str], cores: int) -> list[Job]:
  """Plans actions and updates in each precision, in 1 split and in 1 per core.

  Args:
    sizes: As in `make_jobs`.
    cores: Number of cores.
  """
  return [
    Job(part, with_numerics(named_size(size), precision, num_splits))
    for part in ('action', 'update')
    for size in sizes
    for precision in ('float32', 'bfloat16')
    for num_splits in dict.fromkeys(('1', str(cores)))
  ]


def count(text: str) -> int:
  """Reads a number of environments.

  Raises:
    UsageError: If it is not at least 1.
  """
  if not text.isdigit() or int(text) < 1:
    raise UsageError(f'--agents={text} must be a number of at least 1.')
  return int(text)


def _export_jobs(sizes: Iterable[Size]) -> Iterator[Job]:
  for size in sizes:
    if size.plans and size.updates:
      for form in EXPORTS:
        # As exported for other machines; LiteRT supports nothing else.
        plain = with_numerics(size, 'float32', '1')
        yield Job('exported', plain, {'form': form})


def _env_jobs(tasks: Iterable[str]) -> Iterator[Job]:
  for task in tasks:
    if ':' not in task:  # Workers import tasks of the form MODULE:FUNCTION.
      find_task(task)  # Raises now instead of after half an hour.
    for quality in ('exact', 'fast'):
      options: dict[str, object] = {'task': task, 'quality': quality}
      if needs_rendering(task):
        yield Job('render', named_size('paper'), options)
      for workers in WORKERS:
        options = {**options, 'workers': workers}
        yield Job('env_step', named_size('paper'), options)
