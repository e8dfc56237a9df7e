"""Measures exported agents: speed and size."""

import dataclasses
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from planet_tf.agent import PlanetAgent
from planet_tf.exporting import litert, metadata, saved_model, stablehlo
from planet_tf.exporting.functions import AgentFunctions
from planet_tf.exporting.weights import FullWeights, Int8Weights
from planet_tf.ops.hardware import cores
from planet_tf.runs.counters import Counters
from tools.benchmark.timing import measure

Row = dict[str, Any]


def exported(agent: PlanetAgent, repeats: int, form: str) -> Row:
  """Measures one action of an exported agent, and its megabytes.

  Args:
    agent: The agent to export.
    repeats: Number of repeats.
    form: One of `plan.EXPORTS`. jax runs a program of StableHLO.
  """
  facts = metadata.describe(agent, {'tasks': {}}, Counters(), 'float32')
  with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    make = {'litert': _litert, 'stablehlo': _stablehlo}.get(form, _saved_model)
    step = make(agent, facts, folder, form)
    size = sum(x.stat().st_size for x in folder.rglob('*') if x.is_file())
    timing = measure(step, repeats)
  return {'megabytes': size / 1e6, **dataclasses.asdict(timing)}


def _inputs(agent: PlanetAgent) -> dict[str, np.ndarray]:
  return {
    name: np.zeros(spec.shape, spec.dtype.as_numpy_dtype)
    for name, spec in AgentFunctions(agent).act_inputs(1).items()
  }


def _saved_model(
  agent: PlanetAgent, facts: dict, folder: pathlib.Path, form: str
) -> Callable[[], object]:
  weights = Int8Weights if form.endswith('int8') else FullWeights
  functions = AgentFunctions(agent, weights(agent.model))
  saved_model.save(functions, facts, folder)
  loaded = saved_model.SavedAgent(folder).functions
  inputs = {k: tf.constant(x) for k, x in _inputs(agent).items()}
  return lambda: loaded.act(**inputs)['action'].numpy()


def _litert(
  agent: PlanetAgent, facts: dict, folder: pathlib.Path, form: str
) -> Callable[[], object]:
  from ai_edge_litert.interpreter import Interpreter

  litert.save(agent, facts, folder, 1)
  path = str(folder / litert.FILE)
  interpreter = Interpreter(path, num_threads=cores())
  act = interpreter.get_signature_runner('act')
  noise = {
    name: np.zeros(x['shape'], np.float32)
    for name, x in litert.noise_inputs(agent, 1).items()
  }
  inputs = _inputs(agent)
  del inputs['reset'], inputs['seed']
  return lambda: (interpreter, act(**inputs, **noise))


def _stablehlo(
  agent: PlanetAgent, facts: dict, folder: pathlib.Path, form: str
) -> Callable[[], object]:
  from tools import run_lowered

  stablehlo.save(agent, facts, folder, 1)
  program = run_lowered.load(folder)
  arguments = run_lowered.put(run_lowered.arrays(folder, 'arguments'))
  return lambda: [np.asarray(x) for x in program.execute(arguments)]
