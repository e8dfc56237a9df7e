"""Factories of the planner, the data, the environments and the agents.

Gin files configure these functions; `gin_configs/planet.gin` states the values
and their sources. The classes know nothing of gin.
"""

import contextlib
import functools
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from planet_tf.agent import PlanetAgent
from planet_tf.config.registry import configurable, in_scope
from planet_tf.control.planning import CrossEntropyMethod
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
) -> CrossEntropyMethod:
  """Returns the planner; the arguments are those of `CrossEntropyMethod`."""
  return CrossEntropyMethod(
    horizon, iterations, candidates, elites, refit_clipped
  )


@configurable
def make_sampler(
  directory: str | os.PathLike[str],
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
  """Returns a sampler of training chunks.

  Args:
    directory: Folder of episode files.
    batch: Chunks in a batch, B.
    length: Steps in a chunk, T.
    loader: How episodes are drawn; see `planet_tf.data.loaders`.
    refresh_interval: Episodes drawn between two scans for new ones.
    num_chunks: Chunks from each drawn episode; None for as many as fit.
    cache_gib: Memory for decoded episodes in GiB.
    keys: Arrays in the batches.
    seed: Seed of the draws.
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
  min_envs: int = 1,
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
    task: Name of a task, or `module:function`.
    min_envs: Minimum number of environments, if there are fewer workers.
    workers: Environments that run in parallel.
    groups: Groups of environments that take turns: the agent plans for one
      group while another steps and renders. Faster if a GPU plans.
    camera: Index of the camera that renders the images.
    action_repeat: Repeats R of each action; None for that of the task.
    duration: Decisions in an episode; None for 1000 / action repeat.
    render_quality: `exact` as in the paper, or `fast` (smaller shadows).
    modules: Python modules to import because they register tasks.
    timeout: Seconds without an answer before an environment counts as hanging.

  Returns:
    The environments; close them after use.
  """
  if workers < 1:
    raise ValueError(f'workers must be at least 1, got {workers}.')
  return ParallelEnvs(
    task,
    max(workers, min_envs),
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
  tasks: Sequence[str], *, min_envs: int = 1, action_size: int = 0
) -> Iterator[dict[str, Envs]]:
  """Starts the environments of several tasks; closes them on exit.

  Args:
    tasks: Names of the tasks.
    min_envs: As `make_envs`.
    action_size: Minimum size of an action.

  Yields:
    Environments by task. All take actions of one size, that of the largest.
  """
  with contextlib.ExitStack() as stack:
    envs = [stack.enter_context(make_envs(task, min_envs)) for task in tasks]
    size = max([action_size, *(x.action_spec.shape[0] for x in envs)])
    yield {
      x.task: x if x.action_spec.shape[0] == size else PaddedEnvs(x, size)
      for x in envs
    }


def components_of(envs: Mapping[str, Envs]) -> dict[str, int]:
  """Returns sizes of the components of the simulator's state, by name.

  Args:
    envs: Environments by task. Several tasks have no components, because
      their states differ.
  """
  (first, *others) = envs.values()
  return {} if others else first.components


def make_agents(
  names: Iterable[str], model: WorldModel, envs: Envs
) -> dict[str, PlanetAgent]:
  """Returns agents by name, which share a model but not the planner.

  Args:
    names: Scopes of the planners' settings.
    model: The world model.
    envs: Environments with the actions of the agents.

  Returns:
    Agents by name. Names with equal planners share an agent, so that it is
    compiled once.
  """
  agents: dict[CrossEntropyMethod, PlanetAgent] = {}
  result = {}
  for name in names:
    with in_scope(name):
      planner = make_planner()
    if planner not in agents:
      bounds = action_bounds(envs.action_spec)
      agents[planner] = PlanetAgent(model, planner, *bounds)
    result[name] = agents[planner]
  return result
