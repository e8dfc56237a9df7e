"""Runs an agent exported with --format=stablehlo; needs only jax and numpy.

python examples/run_stablehlo.py exported_hlo
"""

import json
import pathlib
import sys

import jax
import numpy as np
from jax._src.interpreters import mlir
from jax._src.lib.mlir import ir
from jaxlib import xla_client

folder = pathlib.Path(sys.argv[1])
manifest = json.loads((folder / 'manifest.json').read_text())
names = [x['name'] for x in manifest['results']]
inputs = dict(np.load(folder / 'inputs.npz'))  # Of the example call.
weights = np.load(folder / 'weights.npz')
weights = {name: jax.device_put(weights[name]) for name in weights}

devices = jax.devices()[:1]
with mlir.make_ir_context():
  program = devices[0].client.compile_and_load(
    ir.Module.parse((folder / 'program.mlir').read_text()),
    xla_client.DeviceList(tuple(devices)),
    xla_client.CompileOptions(),
  )

for decision in range(5):
  inputs['seed'] = np.array([0, decision], np.int32)
  inputs['image'][:] = 20 * decision  # Replace by the camera image.
  arguments = [
    jax.device_put(inputs[x['name']])
    if x['kind'] == 'input'
    else weights[x['name']]
    for x in manifest['arguments']
  ]
  results = dict(zip(names, program.execute(arguments), strict=True))
  inputs |= {k: np.asarray(results[k]) for k in inputs if k in results}
  print(f'decision {decision}: action {np.asarray(results["action"])}')
