"""Lowers functions to StableHLO programs and writes them to files.

Any PJRT client runs the programs without TensorFlow, for example that of jax
(`tools/run_lowered.py`, `examples/run_stablehlo.py`).

    program.mlir    program
    manifest.json   arguments and results in order
    weights.npz     arguments that are variables, by name
    inputs.npz      other arguments of an example call
    results.npz     results of the example call
"""

import json
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

Arrays = dict[str, np.ndarray]


class Program(NamedTuple):
  """A StableHLO program and an example call.

  The arguments are the inputs followed by the weights. All arrays are in order.

  Attributes:
    text: StableHLO text.
    inputs: Inputs of the call by name.
    weights: Values of the variables that the program reads, by name.
    results: Results of the call by name, then the variables that it assigns.
  """

  text: str
  inputs: Arrays
  weights: Arrays
  results: Arrays


def lower(
  function: Callable[[Mapping[str, tf.Tensor]], Mapping[str, tf.Tensor]],
  inputs: Mapping[str, np.ndarray],
  variables: Mapping[str, tf.Variable],
) -> Program:
  """Lowers a function for inputs of fixed shapes, and calls it once.

  Args:
    function: Function from tensors by name to tensors by name. Its random
      operations must be stateless.
    inputs: Inputs of the call by name.
    variables: Variables that the function may read and assign, by name.

  Returns:
    The program and the call.
  """
  tensors = {k: tf.convert_to_tensor(inputs[k]) for k in sorted(inputs)}
  # A wrapper without default arguments, which the compiler does not support.
  compiled = tf.function(
    lambda tensors: function(tensors), jit_compile=True, autograph=False
  )
  concrete = compiled.get_concrete_function(tensors)
  text = compiled.experimental_get_compiler_ir(tensors)(stage='stablehlo')
  assigned = {
    id(operation.inputs[0])
    for operation in concrete.graph.get_operations()
    if operation.type.startswith('Assign')
  }
  names = {id(x.handle): name for name, x in variables.items()}
  weights: Arrays = {}
  updated = []
  for outside, inside in concrete.graph.captures:
    name = names.get(id(outside))
    if name is None:
      weights[f'constant{len(weights)}'] = np.array(outside)
      continue
    weights[name] = np.array(variables[name])
    if id(inside) in assigned:
      updated.append(name)
  outputs = compiled(tensors)
  results = {name: np.array(outputs[name]) for name in sorted(outputs)}
  results |= {name: np.array(variables[name]) for name in updated}
  arrays = {name: np.array(x) for name, x in tensors.items()}
  return Program(text, arrays, weights, results)


def save(program: Program, directory: str | os.PathLike[str]) -> None:
  """Writes a program and its call.

  Args:
    program: The program.
    directory: Folder; created if it does not exist.
  """
  directory = pathlib.Path(directory)
  directory.mkdir(parents=True, exist_ok=True)
  (directory / 'program.mlir').write_text(program.text)
  manifest = {
    'arguments': [
      *_listed(program.inputs, 'input'),
      *_listed(program.weights, 'weight'),
    ],
    'results': _listed(program.results, 'result'),
  }
  text = json.dumps(manifest, indent=2)
  (directory / 'manifest.json').write_text(text + '\n')
  for name in ('inputs', 'weights', 'results'):
    np.savez(directory / f'{name}.npz', **getattr(program, name))


def _listed(arrays: Arrays, kind: str) -> list[dict[str, object]]:
  return [
    {'name': name, 'kind': kind, 'shape': list(x.shape), 'dtype': str(x.dtype)}
    for name, x in arrays.items()
  ]
