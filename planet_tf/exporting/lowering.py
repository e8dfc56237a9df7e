"""Programs for other runtimes: StableHLO text with its arguments.

Any PJRT client can run them without TensorFlow, such as the one of jax
(`tools/run_lowered.py`, `examples/run_stablehlo.py`).

    program.mlir    the program
    manifest.json   its arguments and results in order
    weights.npz     the arguments that are variables, by name
    inputs.npz      the other arguments, of one call
    results.npz     what that call returns
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
  """A compiled function as text, and one call of it; arrays are in order.

  Attributes:
    text: StableHLO.
    inputs: The first arguments by name.
    weights: The arguments after them: the variables that it reads.
    results: What it returns by name, then the variables that it has assigned.
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
  """Lowers a function for inputs of these shapes, and calls it once.

  Args:
    function: Function of tensors by name that returns tensors by name; it
      draws noise from seeds alone.
    inputs: Arrays by name.
    variables: Variables that it may use, by name; the call assigns them.

  Returns:
    The program.
  """
  tensors = {k: tf.convert_to_tensor(inputs[k]) for k in sorted(inputs)}
  # Through a function without defaults, which lowering does not understand.
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
  weights, updated = {}, []
  for outside, inside in concrete.graph.captures:
    name = names.get(id(outside))
    if name is None:
      weights[f'constant{len(weights)}'] = np.array(outside)
      continue
    weights[name] = np.array(variables[name])
    if id(inside) in assigned:
      updated.append(name)
  results = compiled(tensors)
  results = {name: np.array(results[name]) for name in sorted(results)}
  results |= {name: np.array(variables[name]) for name in updated}
  inputs = {name: np.array(x) for name, x in tensors.items()}
  return Program(text, inputs, weights, results)


def save(program: Program, directory: str | os.PathLike) -> None:
  """Writes a program and what belongs to it.

  Args:
    program: The program.
    directory: Folder; made if it does not exist.
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
