"""Runs, checks and times a lowered program; needs jax and numpy alone.

Example:

    python tools/run_lowered.py DIR [--repeats=20] [--output=timings.json]

`python -m tools.benchmark --lower=DIR` writes one folder for each program.
"""

import argparse
import json
import pathlib
import statistics
import time

import jax
import numpy as np
from jax._src.interpreters import mlir
from jax._src.lib.mlir import ir
from jaxlib import xla_client

jax.config.update('jax_enable_x64', True)  # Counters have 64 bits.


def load(folder: pathlib.Path) -> object:
  """Compiles the program of a folder for the first device."""
  devices = jax.devices()[:1]
  with mlir.make_ir_context():
    module = ir.Module.parse((folder / 'program.mlir').read_text())
    return devices[0].client.compile_and_load(
      module,
      xla_client.DeviceList(tuple(devices)),
      xla_client.CompileOptions(),
    )


def arrays(folder: pathlib.Path, kind: str) -> list[np.ndarray]:
  """The `arguments` or `results` of a folder, in order."""
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
  """Runs a program and compares its results with the expected ones.

  Args:
    folder: What `planet_tf.exporting.lowering.save` wrote.
    repeats: Number of timed runs.

  Returns:
    Name of the folder and of the device, largest error by |a - b| / (1 + |b|)
    over all results, and seconds.
  """
  start = time.perf_counter()
  program = load(folder)
  compile_seconds = time.perf_counter() - start
  arguments = arrays(folder, 'arguments')
  expected = arrays(folder, 'results')
  found = [np.asarray(x) for x in program.execute(put(arguments))]
  if len(found) < len(expected):
    raise SystemExit(
      f'{folder}: {len(found)} results instead of {len(expected)}.'
    )
  errors = [
    np.max(np.abs(a - b) / (1 + np.abs(b)), initial=0.0)
    for a, b in zip(found, expected, strict=False)
  ]
  seconds = []
  for _ in range(repeats):
    # Anew each time: an update takes its variables' memory for the results.
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
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('directory', type=pathlib.Path)
  parser.add_argument('--repeats', type=int, default=20)
  parser.add_argument('--output', type=pathlib.Path)
  options = parser.parse_args()
  programs = sorted(options.directory.rglob('program.mlir'))
  if not programs:
    raise SystemExit(f'{options.directory} holds no program.mlir.')
  records = []
  for program in programs:
    records.append(run(program.parent, options.repeats))
    print(json.dumps(records[-1]), flush=True)
    if options.output:
      options.output.write_text(json.dumps(records, indent=2) + '\n')


if __name__ == '__main__':
  main()
