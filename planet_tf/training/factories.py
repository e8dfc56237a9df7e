"""Makes the parts of a run from the settings in gin files.

The functions here are what gin files configure; the classes they make know
nothing of gin. `gin_configs/planet.gin` states the values and their sources.
"""

import contextlib
import functools
import os
import pathlib
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import keras

from planet_tf.agent import PlanetAgent
from planet_tf.control.planning import (
  Plan,
  check_settings,
  cross_entropy_method,
)
from planet_tf.control.simulate import action_bounds
from planet_tf.data import ChunkSampler
from planet_tf.envs.parallel import ParallelEnvs
from planet_tf.models import RSSM
from planet_tf.networks import Decoder, Encoder, FeedForward
from planet_tf.training.objectives import Objectives
from planet_tf.training.precision import choose_precision
from planet_tf.training.registry import settings
from planet_tf.world_model import WorldModel


@settings
def make_world_model(
  action_size: int,
  *,
  state_size: int,
  belief_size: int,
  embed_size: int,
  dynamics_layers: int,
  future_rnn: bool,
  mean_only: bool,
  min_stddev: float,
  activation: Literal['relu', 'elu', 'tanh', 'swish'],
  head_layers: int,
  head_units: int,
  image_bits: int,
  precision: Literal['float32', 'bfloat16', 'auto'],
  seed: int = 0,
) -> WorldModel:
  """Makes a world model with fresh weights.

  Args:
    action_size: Size A of one action.
    state_size: Stochastic size S.
    belief_size: Deterministic size D.
    embed_size: Units of the layers around the GRU.
    dynamics_layers: Layers before and after the GRU and in the posterior.
    future_rnn: Compute the prior from the GRU's output.
    mean_only: Deterministic states.
    min_stddev: Added to the softplus that yields standard deviations.
    activation: Activation of the dynamics and the heads.
    head_layers: Hidden layers of the reward head.
    head_units: Units of each.
    image_bits: Colour depth to which images are reduced, 1 to 8.
    precision: Type of the convolutions' products, or `auto` for the one that
      is fastest on this machine; everything else is float32.
    seed: Seed of the weights and of the draws of training; the seed of a run
      for its trainer.

  Returns:
    The model, all variables created.
  """
  compute = choose_precision(precision)
  with _initial_weights_from(seed):
    dynamics = RSSM(
      state_size,
      belief_size,
      embed_size,
      num_layers=dynamics_layers,
      future_rnn=future_rnn,
      mean_only=mean_only,
      min_stddev=min_stddev,
      activation=activation,
    )
    reward = FeedForward(
      num_layers=head_layers, units=head_units, activation=activation
    )
    return WorldModel(
      Encoder(compute),
      dynamics,
      {'image': Decoder(compute), 'reward': reward},
      action_size=action_size,
      image_bits=image_bits,
      seed=seed,
    )


@contextlib.contextmanager
def _initial_weights_from(seed: int) -> Iterator[None]:
  """Seeds the weights made inside, and leaves other randomness as it was.

  Keras draws the seeds of initialisers from Python's global generator.
  """
  state = random.getstate()
  random.seed(seed)
  try:
    yield
  finally:
    random.setstate(state)


@settings
def make_objectives(
  *,
  image_scale: float,
  reward_scale: float,
  divergence_scale: float,
  free_nats: float | None,
) -> Objectives:
  """Makes the objectives; the arguments are those of `Objectives`."""
  return Objectives(
    image_scale=image_scale,
    reward_scale=reward_scale,
    divergence_scale=divergence_scale,
    free_nats=free_nats,
  )


@settings
def compile_model(
  model: WorldModel, *, learning_rate: float, epsilon: float, clip_norm: float
) -> None:
  """Gives a model its optimizer and objectives.

  Args:
    model: The world model.
    learning_rate: Learning rate of Adam.
    epsilon: Epsilon of Adam.
    clip_norm: Largest global norm of the gradients.
  """
  for name, value in (
    ('learning_rate', learning_rate),
    ('epsilon', epsilon),
    ('clip_norm', clip_norm),
  ):
    if value <= 0:
      raise ValueError(f'{name} must be above 0, got {value}.')
  optimizer = keras.optimizers.Adam(learning_rate, epsilon=epsilon)
  model.compile(optimizer, make_objectives(), clip_norm)


@settings
def make_planner(
  *, horizon: int, iterations: int, candidates: int, elites: int
) -> Callable[..., Plan]:
  """Binds the settings of the planner.

  Args:
    horizon: Planning horizon H in decisions.
    iterations: Optimisation iterations I.
    candidates: Candidates J per iteration.
    elites: Elites K to which the belief is refit.

  Returns:
    `cross_entropy_method` with these settings.
  """
  check_settings(horizon, iterations, candidates, elites)
  return functools.partial(
    cross_entropy_method,
    horizon=horizon,
    iterations=iterations,
    candidates=candidates,
    elites=elites,
  )


@settings
def make_sampler(
  directory: str | os.PathLike,
  *,
  batch: int,
  length: int,
  loader: Literal['recent', 'cache', 'reload', 'uniform'],
  refresh_every: int,
  num_chunks: int | None,
  cached_episodes: int,
  seed: int = 0,
) -> ChunkSampler:
  """Makes a sampler of training chunks.

  Args:
    directory: Folder of episode files.
    batch: Chunks in a batch, B.
    length: Steps in a chunk, T.
    loader: How episodes are drawn.
    refresh_every: Draws between two looks for new episodes.
    num_chunks: Chunks from each drawn episode; None for as many as fit.
    cached_episodes: Episodes kept in memory.
    seed: Seed of the draws.

  Returns:
    The sampler.
  """
  return ChunkSampler(
    pathlib.Path(directory),
    batch=batch,
    length=length,
    loader=loader,
    every=refresh_every,
    num_chunks=num_chunks,
    cached_episodes=cached_episodes,
    seed=seed,
  )


@settings
def make_envs(
  task: str,
  *,
  workers: int,
  camera: int,
  action_repeat: int | None,
  duration: int | None,
  render_quality: Literal['exact', 'fast'],
  modules: Sequence[str],
  timeout: float,
) -> ParallelEnvs:
  """Starts environments in worker processes.

  Args:
    task: Name of a task, or `module:function` of your own.
    workers: Environments that run side by side.
    camera: Index of the camera that renders the images.
    action_repeat: Repeats R of each action; None for that of the task.
    duration: Decisions in an episode; None for 1000 / action repeat.
    render_quality: `exact` as in the paper, or `fast` (smaller shadows).
    modules: Python modules to import because they register tasks.
    timeout: Seconds after which an environment counts as hanging.

  Returns:
    The environments; close them after use.
  """
  return ParallelEnvs(
    task,
    workers,
    timeout=timeout,
    modules=modules,
    camera=camera,
    action_repeat=action_repeat,
    duration=duration,
    render_quality=render_quality,
  )


def make_agent(model: WorldModel, envs: ParallelEnvs) -> PlanetAgent:
  """Makes the agent of a model for the actions of an environment."""
  return PlanetAgent(model, make_planner(), *action_bounds(envs.action_spec))
