"""What is measured in which configuration, and in which order."""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from planet_tf.command_line import UsageError
from planet_tf.envs.registry import find_task
from planet_tf.training.configuration import nearest
from tools.benchmark import parts
from tools.benchmark.sizes import (
  Size,
  named_size,
  planner_size,
  update_size,
  with_precision,
)

PARTS = ('gemm', 'action', 'update', 'env_step', 'batch', 'preprocess')
WORKERS = (1, 2)


class Job(NamedTuple):
  """One row to measure.

  Attributes:
    part: What is measured, one of PARTS.
    size: The configuration.
    measure: Takes the number of repeats, returns the row.
  """

  part: str
  size: Size
  measure: Callable[[int], parts.Row]


def make_jobs(
  names: Sequence[str],
  *,
  sizes: Sequence[str],
  planners: Sequence[str],
  updates: Sequence[str],
  precision: str | None,
  tasks: Sequence[str],
) -> list[Job]:
  """Plans the measurements, the matrix products excepted.

  Args:
    names: Parts to measure.
    sizes: `paper`, or names of files in gin_configs/scale.
    planners: More planners, such as `500x5`.
    updates: More updates, such as `16x32`.
    precision: Precision at all sizes; None for that of each configuration.
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
      hint = nearest(name, PARTS) or f'; known are {", ".join(PARTS)}'
      raise UsageError(f'--parts={name} is unknown{hint}.')
  all_sizes = [
    with_precision(size, precision)
    for size in _unique(
      [
        *map(named_size, sizes),
        *map(planner_size, planners),
        *map(update_size, updates),
      ]
    )
  ]
  return [
    *_jobs_at_sizes('action', parts.action, all_sizes, names),
    *_jobs_at_sizes('update', parts.update, all_sizes, names),
    *(_env_jobs(tasks) if 'env_step' in names else ()),
    *_jobs_at_sizes('batch', parts.data_batch, all_sizes, names),
    *_jobs_at_sizes('preprocess', parts.data_preprocessing, all_sizes, names),
  ]


def _jobs_at_sizes(
  part: str,
  measure: Callable[[int], parts.Row],
  all_sizes: Iterable[Size],
  names: Sequence[str],
) -> Iterator[Job]:
  if part in names:
    for size in all_sizes:
      if size.plans if part == 'action' else size.updates:
        yield Job(part, size, measure)


def _env_jobs(tasks: Sequence[str]) -> Iterator[Job]:
  for task in tasks:
    if ':' not in task:  # Importing such a task is left to the workers.
      find_task(task)  # Raises now rather than after half an hour.
    for quality in ('exact', 'fast'):
      for workers in WORKERS:
        measure = functools.partial(
          parts.env_step, task=task, quality=quality, workers=workers
        )
        yield Job('env_step', named_size('paper'), measure)


def _unique(sizes: Iterable[Size]) -> list[Size]:
  return list(dict.fromkeys(sizes))
