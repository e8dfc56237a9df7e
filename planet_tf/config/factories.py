"""Makes the parts of a run around the model from settings in gin files.

The functions here are what gin files configure; the classes they make know
nothing of gin. `gin_configs/planet.gin` states the values and their sources.
"""

import contextlib
import functools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from planet_tf.agent import PlanetAgent
from planet_tf.config.registry import configurable, in_scope
from planet_tf.control.planning import (
  Plan,
  check_settings,
  cross_entropy_method,
)
from planet_tf.control.simulate import Envs, action_bounds
from planet_tf.data import ChunkSampler
from planet_tf.envs import PaddedEnvs, ParallelEnvs
from planet_tf.world_model import WorldModel


@functools.partial(configurable, scoped=True)
def make_planner(
  *,
  horizon: int,
  iterations: int,
  candidates: int,
  elites: int,
  refit_clipped: bool,
) -> Callable[..., Plan]:
  """Binds the settings of the planner.

  Args:
    horizon: Planning horizon H in decisions.
    iterations: Optimisation iterations I.
    candidates: Candidates J per iteration.
    elites: Elites K to which the belief is refit.
    refit_clipped: Whether it is refit to what is executed, within the bounds,
      or to what was drawn.

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
    refit_clipped=refit_clipped,
  )


@configurable
def make_sampler(
  directory: str | os.PathLike,
  *,
  batch: int,
  length: int,
  loader: Literal['recent', 'cache', 'reload', 'uniform'],
  refresh_interval: int,
  num_chunks: int | None,
  cache_gib: float,
  keys: Sequence[str] = ('image', 'action', 'reward'),
  seed: int = 0,
) -> ChunkSampler:
  """Makes a sampler of training chunks.

  Args:
    directory: Folder of episode files.
    batch: Chunks in a batch, B.
    length: Steps in a chunk, T.
    loader: How episodes are drawn.
    refresh_interval: Draws between two looks for new episodes.
    num_chunks: Chunks from each drawn episode; None for as many as fit.
    cache_gib: Memory for decoded episodes in GiB.
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
    interval=refresh_interval,
    num_chunks=num_chunks,
    cache_gib=cache_gib,
    keys=keys,
    seed=seed,
  )


@configurable
def make_envs(
  task: str,
  least: int = 1,
  *,
  workers: int,
  groups: int,
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
    least: Environments that there must be, if there are fewer workers.
    workers: Environments that run side by side.
    groups: Groups of them that act in turns: one is planned for while another
      steps and renders. Gains where a GPU plans.
    camera: Index of the camera that renders the images.
    action_repeat: Repeats R of each action; None for that of the task.
    duration: Decisions in an episode; None for 1000 / action repeat.
    render_quality: `exact` as in the paper, or `fast` (smaller shadows).
    modules: Python modules to import because they register tasks.
    timeout: Seconds after which an environment counts as hanging.

  Returns:
    The environments; close them after use.
  """
  if workers < 1:
    raise ValueError(f'workers must be at least 1, got {workers}.')
  return ParallelEnvs(
    task,
    max(workers, least),
    groups=groups,
    timeout=timeout,
    modules=modules,
    camera=camera,
    action_repeat=action_repeat,
    duration=duration,
    render_quality=render_quality,
  )


@contextlib.contextmanager
def open_envs(
  tasks: Sequence[str], *, least: int = 1, action_size: int = 0
) -> Iterator[dict[str, Envs]]:
  """Starts the environments of several tasks, and closes them at the end.

  Args:
    tasks: Names of the tasks.
    least: As `make_envs`.
    action_size: Least size of an action.

  Yields:
    Environments by task. All take actions of one size: that of the largest.
  """
  with contextlib.ExitStack() as stack:
    envs = [stack.enter_context(make_envs(task, least)) for task in tasks]
    size = max([action_size, *(x.action_spec.shape[0] for x in envs)])
    yield {
      x.task: x if x.action_spec.shape[0] == size else PaddedEnvs(x, size)
      for x in envs
    }


def components_of(envs: Mapping[str, Envs]) -> dict[str, int]:
  """Components of the simulator's state that the world model may predict.

  Args:
    envs: Environments by task.

  Returns:
    Sizes by name; none if there are several tasks, whose states differ.
  """
  (first, *others) = envs.values()
  return {} if others else first.components


def make_agents(
  names: Iterable[str], model: WorldModel, envs: Envs
) -> dict[str, PlanetAgent]:
  """Makes agents of one model whose planners may differ.

  Args:
    names: Scopes of the planners' settings.
    model: The world model.
    envs: Environments with the actions of the agents.

  Returns:
    Agents by name. Those with the same planner are one and the same, so that
    it is compiled once.
  """
  agents, result = {}, {}
  for name in names:
    with in_scope(name):
      planner = make_planner()
    key = tuple(planner.keywords.items())
    if key not in agents:
      bounds = action_bounds(envs.action_spec)
      agents[key] = PlanetAgent(model, planner, *bounds)
    result[name] = agents[key]
  return result
