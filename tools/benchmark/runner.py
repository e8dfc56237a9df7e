"""Carries the measurements out and writes each one down at once."""

import dataclasses
import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Sequence

from tools.benchmark import report
from tools.benchmark.plan import Job


class JobFailed(RuntimeError):
  """A measurement ended with an error, which it has printed."""


def describe() -> dict[str, object]:
  """Versions, hardware and load; see `machine.describe`."""
  return _run({'part': 'session'})


def measure_all(
  jobs: Sequence[Job],
  session: dict[str, object],
  repeats: int,
  output: pathlib.Path,
  *,
  with_gemm: bool,
) -> report.Record:
  """Measures everything, the matrix products before and after.

  Args:
    jobs: The measurements, each of which gets a process of its own.
    session: Description of the machine.
    repeats: Repeats of each.
    output: JSON file, written anew after each measurement.
    with_gemm: Whether to measure matrix products.

  Returns:
    The record, as it is in the file.

  Raises:
    JobFailed: As its message says.
  """
  gemm: dict[str, dict] = {}
  results: list[dict] = []
  record = {
    'format': report.FORMAT,
    'session': session,
    'repeats': repeats,
    'finished': False,
    'gemm': gemm,
    'results': results,
  }
  if with_gemm:
    gemm['before'] = _measure_gemm(repeats)
  for number, job in enumerate(jobs, 1):
    results.append(_measure(job, repeats, f'{number}/{len(jobs)}'))
    report.write(output, record)
  if with_gemm:
    gemm['after'] = _measure_gemm(repeats)
  record['finished'] = True
  report.write(output, record)
  return record


def _measure_gemm(repeats: int) -> dict[str, dict[str, float]]:
  peaks = _run({'part': 'gemm', 'repeats': repeats})
  values = [f'{k} {v["median_gflops"]:.0f}' for k, v in peaks.items()]
  _say(f'gemm: {", ".join(values)} GFLOP/s')
  return peaks


def _measure(job: Job, repeats: int, position: str) -> dict[str, object]:
  start = time.perf_counter()
  row = _run({**dataclasses.asdict(job), 'repeats': repeats})
  if 'skipped' in row:
    result = f'skipped: {row["skipped"]}'
  else:
    result = f'{row["label"]}: {row["median_seconds"]:.3g} s'
  elapsed = time.perf_counter() - start
  _say(f'{position} {job.part} [{job.size.name}] {result} ({elapsed:.0f} s)')
  return {'part': job.part, 'size': job.size.name, **row}


def _run(request: dict[str, object]) -> dict[str, object]:
  """What a fresh process answers to a request."""
  result = subprocess.run(
    [sys.executable, '-m', 'tools.benchmark.job'],
    input=json.dumps(request),
    stdout=subprocess.PIPE,
    text=True,
  )
  if result.returncode:
    raise JobFailed(
      f'Measuring {request["part"]} ended with exit code {result.returncode}; '
      'its message is above.'
    )
  return json.loads(result.stdout.splitlines()[-1])


def _say(line: str) -> None:
  print(line, file=sys.stderr, flush=True)
