"""Runs, checks and times lowered programs; needs only jax and numpy.

    python tools/run_lowered.py DIR [--repeats=20] [--output=timings.json]

`python -m tools.benchmark --lower=DIR` writes one folder for each program.
"""

import argparse
import json
import pathlib
import statistics
import time
from typing import Any

import jax
import numpy as np
from jax._src.interpreters import mlir
from jax._src.lib.mlir import ir
from jaxlib import xla_client

jax.config.update('jax_enable_x64', True)  # Counters have 64 bits.


def load(folder: pathlib.Path) -> Any:
  """Compiles the program of a folder for the first device."""
  device, options = jax.devices()[0], xla_client.CompileOptions()
  devices = xla_client.DeviceList((device,))
  with mlir.make_ir_context():
    module = ir.Module.parse((folder / 'program.mlir').read_text())
    return device.client.compile_and_load(module, devices, options)


def arrays(folder: pathlib.Path, kind: str) -> list[np.ndarray]:
  """Returns the `arguments` or `results` of a folder in order."""
  manifest = json.loads((folder / 'manifest.json').read_text())
  found = {}
  for name in {'arguments': ('inputs', 'weights')}.get(kind, (kind,)):
    with np.load(folder / f'{name}.npz') as file:
      found.update(file)
  return [found[entry['name']] for entry in manifest[kind]]


def put(values: list[np.ndarray]) -> list[jax.Array]:
  """Copies arrays to the device and waits for them."""
  return jax.block_until_ready([jax.device_put(x) for x in values])


def run(folder: pathlib.Path, repeats: int) -> dict[str, object]:
  """Runs a program; errors are |a - b| / (1 + |b|) over all results."""
  start = time.perf_counter()
  program = load(folder)
  compile_seconds = time.perf_counter() - start
  arguments, expected = arrays(folder, 'arguments'), arrays(folder, 'results')
  found = [np.asarray(x) for x in program.execute(put(arguments))]
  if len(found) < len(expected):
    raise SystemExit(f'{folder}: {len(found)} of {len(expected)} results.')
  errors = [
    np.max(np.abs(a - b) / (1 + np.abs(b)), initial=0.0)
    for a, b in zip(found, expected, strict=False)
  ]
  seconds = []
  for _ in range(repeats):
    # Copied each time: updates donate the memory of their variables.
    on_device = put(arguments)
    start = time.perf_counter()
    jax.block_until_ready(program.execute(on_device))
    seconds.append(time.perf_counter() - start)
  return {
    'program': folder.name,
    'device': jax.devices()[0].device_kind,
    'largest_error': float(max(errors)),
    'compile_seconds': compile_seconds,
    'median_seconds': statistics.median(seconds),
    'minimum_seconds': min(seconds),
    'maximum_seconds': max(seconds),
  }


def main() -> None:
  """Runs the program of a folder, or those of all folders inside it."""
  parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
  parser.add_argument('directory', type=pathlib.Path, help='folder of programs')
  parser.add_argument('--repeats', type=int, default=20, help='timed runs')
  parser.add_argument('--output', type=pathlib.Path, help='JSON file to write')
  options = parser.parse_args()
  records = []
  for program in sorted(options.directory.rglob('program.mlir')):
    records.append(run(program.parent, options.repeats))
    print(json.dumps(records[-1]), flush=True)
    if options.output:
      options.output.write_text(json.dumps(records, indent=2) + '\n')
  if not records:
    raise SystemExit(f'{options.directory} has no program.mlir.')


if __name__ == '__main__':
  main()
