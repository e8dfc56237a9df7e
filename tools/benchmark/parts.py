"""Functions that measure one row of the table each.

They build everything from the current configuration, as training does.
"""

import dataclasses
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from planet_tf.agent import PlanetAgent
from planet_tf.config.factories import make_planner, make_sampler
from planet_tf.config.model_factories import compile_model, make_world_model
from planet_tf.data import write_episode
from planet_tf.data.preprocess import preprocess
from planet_tf.training.replicas import compiled_update, make_strategy
from planet_tf.world_model import WorldModel
from tools.benchmark.cycle import training_cycle
from tools.benchmark.environments import env_step, render
from tools.benchmark.exports import exported
from tools.benchmark.machine import available_memory
from tools.benchmark.sizes import current
from tools.benchmark.timing import measure
from tools.benchmark.work import plan_flops, update_flops

Row = dict[str, Any]

ACTION_SIZE = 6  # That of cheetah_run and walker_walk, the largest.
EPISODES = 10
EPISODE_STEPS = 251  # Action repeat 4.

# Approximate memory of an update: 1.2 GB at 16 x 32 frames.
_MEMORY_GB = 0.8
_MEMORY_GB_PER_FRAME = 1e-3


class TooLittleMemory(RuntimeError):
  """A measurement that does not fit into memory."""


class MissingPackage(RuntimeError):
  """A measurement that needs a package that is not installed."""


def action(repeats: int, agents: int = 1) -> Row:
  """Measures `PlanetAgent.step` in N environments at once.

  Args:
    repeats: Number of repeats.
    agents: Number of environments N.
  """
  agent, image, seed = plan_inputs(agents)
  state = agent.initial_state(agents)

  def step() -> None:
    nonlocal state
    seed[1] += 1
    chosen, state, _ = agent.step(image, state, seed=seed)
    chosen.numpy()

  timing = measure(step, repeats)
  planner = current('make_planner')
  label = '{candidates}x{iterations} H{horizon}'.format(**planner)
  return {
    'label': f'{label} N={agents} {_numerics(agent.model)}',
    'settings': {**planner, 'agents': agents},
    'traces': agent.traces,
    **_work(agent.model, plan_flops(agent.model, planner, agents)),
    **dataclasses.asdict(timing),
  }


def plan_inputs(agents: int) -> tuple[PlanetAgent, np.ndarray, np.ndarray]:
  """Returns an agent, random images [N, 64, 64, 3], and a seed."""
  images = _random_bytes((agents, 64, 64, 3))
  return _agent(), images, np.zeros(2, np.int32)


def update_inputs() -> dict[str, np.ndarray]:
  """Returns a random batch of the current size."""
  return _random_batch(*_batch_shape())


def exported_action(repeats: int, form: str) -> Row:
  """Measures one action of an exported agent; see `exports.exported`.

  Raises:
    MissingPackage: If the format needs one.
  """
  agent = _agent()
  try:
    timing = exported(agent, repeats, form)
  except ImportError as error:
    raise MissingPackage(f'{form} needs a package: {error}') from error
  return {
    'label': f'{form} {_numerics(agent.model)}',
    'settings': {'format': form},
    **timing,
  }


def filter_step(repeats: int) -> Row:
  """Measures the filtering of one image: encoder and posterior, no plan."""
  agent = _agent()

  @tf.function(autograph=False)
  def filtered(image: tf.Tensor, state: dict, seed: tf.Tensor) -> dict:
    image = agent.model.preprocess(image, seed=seed)
    return agent.model.observe_step(image, state['action'], state)

  image = tf.constant(_random_bytes((1, 64, 64, 3)))
  state, seed = agent.initial_state(1), tf.zeros(2, tf.int32)
  timing = measure(
    lambda: filtered(image, state, seed)['mean'].numpy(), repeats
  )
  return {
    'label': _numerics(agent.model),
    'settings': {},
    **dataclasses.asdict(timing),
  }


def update(repeats: int) -> Row:
  """Measures `WorldModel.update` on random images.

  Raises:
    TooLittleMemory: If it does not fit.
  """
  batch, length = _batch_shape()
  needed = _MEMORY_GB + _MEMORY_GB_PER_FRAME * batch * length
  free = available_memory()
  if free is not None and free < needed:
    raise TooLittleMemory(
      f'an update of {batch}x{length} frames needs about {needed:.1f} GB, '
      f'{free:.1f} GB are free'
    )
  model = make_world_model(ACTION_SIZE)
  compile_model(model)
  compiled = compiled_update(model, make_strategy('one'))
  data = update_inputs()

  def step() -> None:
    for metric in compiled(data).values():
      metric.numpy()

  timing = measure(step, repeats)
  return {
    'label': f'{batch}x{length} {_numerics(model)}',
    'settings': {'batch': batch, 'length': length},
    'traces': compiled.experimental_get_tracing_count(),
    **_work(model, update_flops(model, batch * length)),
    **dataclasses.asdict(timing),
  }


def data_preprocessing(repeats: int) -> Row:
  """Measures the preprocessing of the images of one batch."""
  batch, length = _batch_shape()
  bits = current('make_world_model')['image_bits']
  compiled = tf.function(
    lambda images, seed: preprocess(images, bits, seed=seed)
  )
  images = tf.constant(_random_bytes((batch, length, 64, 64, 3)))
  seed = tf.zeros(2, tf.int32)
  timing = measure(lambda: compiled(images, seed).numpy(), repeats)
  return {
    'label': f'{batch}x{length}',
    'settings': {'batch': batch, 'length': length, 'image_bits': bits},
    **dataclasses.asdict(timing),
  }


def data_batch(repeats: int) -> Row:
  """Measures `ChunkSampler.sample` with all episodes in memory.

  The first call reads the episodes from files.
  """
  settings = current('make_sampler')
  steps = max(EPISODE_STEPS, settings['length'])
  with tempfile.TemporaryDirectory() as folder:
    for _ in range(EPISODES):
      write_episode(folder, _random_episode(steps))
    sampler = make_sampler(pathlib.Path(folder))
    timing = measure(sampler.sample, repeats)
  return {
    'label': '{batch}x{length} {loader}'.format(**settings),
    'settings': {**settings, 'episodes': EPISODES, 'episode_steps': steps},
    **dataclasses.asdict(timing),
  }


PARTS: dict[str, Callable[..., Row]] = {
  'action': action,
  'exported': exported_action,
  'filter': filter_step,
  'update': update,
  'cycle': training_cycle,
  'env_step': env_step,
  'render': render,
  'batch': data_batch,
  'preprocess': data_preprocessing,
}


def _agent() -> PlanetAgent:
  model = make_world_model(ACTION_SIZE)
  bound = np.ones(ACTION_SIZE, np.float32)
  return PlanetAgent(model, make_planner(), -bound, bound)


def _numerics(model: WorldModel) -> str:
  text = f'{model.precision} {model.num_splits} split'
  return text + ('s' if model.num_splits > 1 else '')


def _work(model: WorldModel, flops: float) -> Row:
  """Returns what relates the time to the peak of the machine."""
  return {
    'precision': model.precision,
    'num_splits': model.num_splits,
    'gflop': flops / 1e9,
  }


def _batch_shape() -> tuple[int, int]:
  settings = current('make_sampler')
  return settings['batch'], settings['length']


def _random_bytes(shape: tuple[int, ...]) -> np.ndarray:
  return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def _random_batch(batch: int, length: int) -> dict[str, np.ndarray]:
  generator = np.random.default_rng(0)
  shape = (batch, length, ACTION_SIZE)
  return {
    'image': _random_bytes((batch, length, 64, 64, 3)),
    'action': generator.uniform(-1, 1, shape).astype(np.float32),
    'reward': generator.uniform(0, 1, shape[:2]).astype(np.float32),
  }


def _random_episode(steps: int) -> dict[str, np.ndarray]:
  return {key: value[0] for key, value in _random_batch(1, steps).items()}
