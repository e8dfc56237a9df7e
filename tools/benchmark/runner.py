"""Carries the measurements out and writes each one down at once."""

import gc
import pathlib
import resource
import sys
import time
from collections.abc import Sequence

import keras

from tools.benchmark import machine, report
from tools.benchmark.parts import TooLittleMemory
from tools.benchmark.plan import Job


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
    jobs: The measurements.
    session: Description of this process.
    repeats: Repeats of each.
    output: JSON file, written anew after each measurement.
    with_gemm: Whether to measure matrix products.

  Returns:
    The record, as it is in the file.
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
  kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  record['peak_memory_gb'] = round(kilobytes / 1e6, 2)
  record['finished'] = True
  report.write(output, record)
  return record


def _measure_gemm(repeats: int) -> dict[str, dict[str, float]]:
  peaks = machine.gemm_peak(repeats)
  values = [f'{k} {v["median_gflops"]:.0f}' for k, v in peaks.items()]
  _say(f'gemm: {", ".join(values)} GFLOP/s')
  return peaks


def _measure(job: Job, repeats: int, position: str) -> dict[str, object]:
  start = time.perf_counter()
  job.size.apply()
  try:
    row = job.measure(repeats)
    result = f'{row["label"]}: {row["median_seconds"]:.3g} s'
  except TooLittleMemory as error:
    row = {'label': '-', 'skipped': str(error)}
    result = f'skipped: {error}'
  elapsed = time.perf_counter() - start
  _say(f'{position} {job.part} [{job.size.name}] {result} ({elapsed:.0f} s)')
  # Models refer to themselves in circles; the next one needs the memory.
  keras.backend.clear_session()
  gc.collect()
  return {'part': job.part, 'size': job.size.name, **row}


def _say(line: str) -> None:
  print(line, file=sys.stderr, flush=True)
