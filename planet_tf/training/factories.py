"""Makes the parts of a run around the model from settings in gin files.

The functions here are what gin files configure; the classes they make know
nothing of gin. `gin_configs/planet.gin` states the values and their sources.
"""

import functools
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Literal

from planet_tf.agent import PlanetAgent
from planet_tf.control.planning import (
  Plan,
  check_settings,
  cross_entropy_method,
)
from planet_tf.control.simulate import action_bounds
from planet_tf.data import ChunkSampler
from planet_tf.envs.parallel import ParallelEnvs
from planet_tf.training.registry import settings
from planet_tf.world_model import WorldModel


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
  keys: Sequence[str] = ('image', 'action', 'reward'),
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
    keys: Arrays of the episodes that the batches hold.
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
    keys=keys,
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
