"""What is measured in which configuration, and in which order."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from planet_tf.cli import UsageError
from planet_tf.envs.registry import find_task
from planet_tf.envs.tasks import needs_rendering
from planet_tf.errors import did_you_mean
from tools.benchmark.sizes import (
  Size,
  constructed,
  named_size,
  planner_size,
  update_size,
)

PARTS = (
  'gemm',
  'action',
  'exported',
  'filter',
  'update',
  'cycle',
  'env_step',
  'render',
  'batch',
  'preprocess',
)
WORKERS = (1, 2)
EXPORTS = ('saved_model', 'saved_model_int8', 'litert', 'stablehlo')


@dataclasses.dataclass(frozen=True)
class Job:
  """One row to measure.

  Attributes:
    part: What is measured, one of PARTS; a function of `parts`.
    size: The configuration.
    options: Further arguments of the function.
  """

  part: str
  size: Size
  options: Mapping[str, object] = dataclasses.field(default_factory=dict)


def make_jobs(
  names: Sequence[str],
  *,
  sizes: Sequence[str],
  planners: Sequence[str],
  updates: Sequence[str],
  agents: Sequence[str],
  precision: str,
  num_splits: str,
  tasks: Sequence[str],
) -> list[Job]:
  """Plans the measurements, the matrix products excepted.

  Args:
    names: Parts to measure.
    sizes: `paper`, `paper_text`, or names of files in gin_configs/scale.
    planners: More planners, such as `500x5`.
    updates: More updates, such as `16x32`.
    agents: Numbers of environments N to plan for at once.
    precision: Precision at all sizes.
    num_splits: Number of num_splits at all sizes, or `auto`.
    tasks: Tasks whose environments are measured.

  Returns:
    The jobs, in the order of the parts.

  Raises:
    UsageError: A part is unknown, or a size has not its form.
    ConfigurationError: There is no file for a size.
    UnknownTask: As its message says.
  """
  for name in names:
    if name not in PARTS:
      hint = did_you_mean(name, PARTS) or f'; known are {", ".join(PARTS)}'
      raise UsageError(f'--parts={name} is unknown{hint}.')
  counts = [count(text) for text in agents]
  all_sizes = [
    constructed(size, precision, num_splits)
    for size in dict.fromkeys(
      [
        *map(named_size, sizes),
        *map(planner_size, planners),
        *map(update_size, updates),
      ]
    )
  ]
  plans = [size for size in all_sizes if size.plans]
  updates = [size for size in all_sizes if size.updates]
  jobs = [
    *(Job('action', x, {'agents': n}) for x in plans for n in counts),
    *_export_jobs(all_sizes),
    *(Job('filter', x) for x in plans[:1]),
    *(Job('update', x) for x in updates),
    *(
      Job('cycle', x, {'task': tasks[0]})
      for x in all_sizes
      if x.plans and x.updates and x.name != 'paper'
    ),
    *_env_jobs(tasks),
    *(Job('batch', x) for x in updates),
    *(Job('preprocess', x) for x in updates),
  ]
  return [job for job in jobs if job.part in names]


def make_alternatives(sizes: Sequence[str], cores: int) -> list[Job]:
  """Plans and updates in each precision, in one chain and in one a core."""
  return [
    Job(part, constructed(named_size(size), precision, num_splits))
    for part in ('action', 'update')
    for size in sizes
    for precision in ('float32', 'bfloat16')
    for num_splits in dict.fromkeys(('1', str(cores)))
  ]


def _export_jobs(sizes: Iterable[Size]) -> Iterator[Job]:
  for size in sizes:
    if size.plans and size.updates:
      for form in EXPORTS:
        # What other machines get; LiteRT can do no other.
        plain = constructed(size, 'float32', '1')
        yield Job('exported', plain, {'form': form})


def _env_jobs(tasks: Iterable[str]) -> Iterator[Job]:
  for task in tasks:
    if ':' not in task:  # Importing such a task is left to the workers.
      find_task(task)  # Raises now rather than after half an hour.
    for quality in ('exact', 'fast'):
      if needs_rendering(task):
        options = {'task': task, 'quality': quality}
        yield Job('render', named_size('paper'), options)
      for workers in WORKERS:
        options = {'task': task, 'quality': quality, 'workers': workers}
        yield Job('env_step', named_size('paper'), options)


def count(text: str) -> int:
  """Reads a number of environments.

  Raises:
    UsageError: It is not at least 1.
  """
  if not text.isdigit() or int(text) < 1:
    raise UsageError(f'--agents={text} must be a number of at least 1.')
  return int(text)
