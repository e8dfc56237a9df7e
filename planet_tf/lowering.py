"""Programs for other runtimes: StableHLO text with its arguments.

Any PJRT client can run them without TensorFlow, such as the one of jax
(`tools/run_lowered.py`).
"""

import json
import os
import pathlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf


class Program(NamedTuple):
  """A compiled function as text, and one call of it.

  Attributes:
    text: StableHLO.
    arguments: Arrays by name, in order: inputs, then captured variables.
    results: Arrays by name, in order: outputs, then variables that the
      function has assigned.
  """

  text: str
  arguments: dict[str, np.ndarray]
  results: dict[str, np.ndarray]


def lower(
  function: Callable, *inputs: Any, variables: Iterable[keras.Variable]
) -> Program:
  """Lowers a function for inputs of these shapes, and calls it once.

  Args:
    function: Function of nested tensors; it draws noise from seeds alone.
    *inputs: Nested arrays.
    variables: Variables that it may use; the call assigns them.

  Returns:
    The program.
  """
  inputs = tf.nest.map_structure(tf.convert_to_tensor, inputs)
  # Through a function without defaults, which lowering does not understand.
  compiled = tf.function(
    lambda *values: function(*values), jit_compile=True, autograph=False
  )
  by_handle = {id(v.value.handle): v for v in variables}
  concrete = compiled.get_concrete_function(*inputs)
  text = compiled.experimental_get_compiler_ir(*inputs)(stage='stablehlo')
  assigned = {
    id(operation.inputs[0])
    for operation in concrete.graph.get_operations()
    if operation.type.startswith('Assign')
  }
  arguments, updated = _named('input', inputs), []
  for outside, inside in concrete.graph.captures:
    variable = by_handle.get(id(outside))
    if variable is None:
      arguments[f'constant{len(arguments)}'] = np.array(outside)
      continue
    arguments[variable.path] = np.array(variable)
    if id(inside) in assigned:
      updated.append(variable)
  results = _named('output', compiled(*inputs))
  results |= {variable.path: np.array(variable) for variable in updated}
  return Program(text, arguments, results)


def save(program: Program, directory: str | os.PathLike) -> None:
  """Writes a program: `program.mlir`, two npz files and `manifest.json`.

  Args:
    program: The program.
    directory: Folder; made if it does not exist.
  """
  directory = pathlib.Path(directory)
  directory.mkdir(parents=True, exist_ok=True)
  (directory / 'program.mlir').write_text(program.text)
  manifest = {}
  for kind in ('arguments', 'results'):
    arrays = getattr(program, kind)
    manifest[kind] = [
      {'name': name, 'shape': list(x.shape), 'dtype': str(x.dtype)}
      for name, x in arrays.items()
    ]
    # By number: names of variables contain slashes.
    numbered = {str(i): x for i, x in enumerate(arrays.values())}
    np.savez(directory / f'{kind}.npz', **numbered)
  text = json.dumps(manifest, indent=2)
  (directory / 'manifest.json').write_text(text + '\n')


def _named(prefix: str, nested: Any) -> dict[str, np.ndarray]:
  flat = tf.nest.flatten(nested)
  return {f'{prefix}{index}': np.array(x) for index, x in enumerate(flat)}
