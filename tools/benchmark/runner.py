"""Runs the measurements and writes each one at once."""

import dataclasses
import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from planet_tf.errors import UserError
from planet_tf.runs.provenance import describe_command
from tools.benchmark import machine, records
from tools.benchmark.plan import Job


class JobFailed(UserError):
  """A measurement that ended with an error, which it has printed."""


def run(
  jobs: Sequence[Job], repeats: int, output: pathlib.Path, with_gemm: bool
) -> records.Record:
  """Describes this machine and measures everything; see `measure_all`."""
  session = {**describe(), 'command': describe_command()}
  if warning := machine.busy(session):
    _say(f'Warning: {warning}')
  record = measure_all(jobs, session, repeats, output, with_gemm=with_gemm)
  _say(f'Wrote {output}.\n')
  return record


def describe() -> dict[str, Any]:
  """Returns versions, hardware and load; see `machine.describe`."""
  return _run({'part': 'session'})


def measure_all(
  jobs: Sequence[Job],
  session: Mapping[str, Any],
  repeats: int,
  output: pathlib.Path,
  *,
  with_gemm: bool,
) -> records.Record:
  """Measures everything.

  Args:
    jobs: The measurements. Each runs in a separate process.
    session: Description of the machine.
    repeats: Repeats of each.
    output: JSON file, which is written again after each measurement.
    with_gemm: Whether to measure matrix products, before and after.

  Returns:
    The record, as it is in the file.

  Raises:
    JobFailed: If a measurement ends with an error.
  """
  gemm: dict[str, Any] = {}
  results: list[records.Row] = []
  record = {
    'format': records.FORMAT,
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
    records.write(output, record)
  if with_gemm:
    gemm['after'] = _measure_gemm(repeats)
  record['finished'] = True
  records.write(output, record)
  return record


def _measure_gemm(repeats: int) -> dict[str, dict[str, float]]:
  peaks = _run({'part': 'gemm', 'repeats': repeats})
  values = [f'{k} {v["median_gflops"]:.0f}' for k, v in peaks.items()]
  _say(f'gemm: {", ".join(values)} GFLOP/s')
  return peaks


def _measure(job: Job, repeats: int, position: str) -> records.Row:
  start = time.perf_counter()
  row = _run({**dataclasses.asdict(job), 'repeats': repeats})
  if 'skipped' in row:
    result = f'skipped: {row["skipped"]}'
  else:
    result = f'{row["label"]}: {row["median_seconds"]:.3g} s'
  elapsed = time.perf_counter() - start
  _say(f'{position} {job.part} [{job.size.name}] {result} ({elapsed:.0f} s)')
  return {'part': job.part, 'size': job.size.name, **row}


def _run(request: Mapping[str, Any]) -> dict[str, Any]:
  """Returns the answer of a new process to a request."""
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
