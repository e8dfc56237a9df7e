"""Environments of one task that run in parallel, each in a worker process.

The workers are separate programs, and not children of multiprocessing or
gymnasium.vector, for three reasons. Software OpenGL (Mesa) crashes in a process
that has loaded TensorFlow. Forked children would inherit TensorFlow, and
spawned ones import the main module of the parent. And a worker that raises,
dies or hangs must be reported with its traceback or last output.
"""

import inspect
import sys
import time
import weakref
from collections.abc import Sequence
from typing import Any

import cloudpickle
import dm_env
import numpy as np
from dm_env import specs

from planet_tf.envs import rendering
from planet_tf.envs.registry import find_task, registered_task
from planet_tf.envs.tasks import build_env, needs_rendering
from planet_tf.envs.worker_process import (
  WorkerDied,
  WorkerProcess,
  WorkerTimeout,
)


class ParallelEnvs:
  """Environments of one task that reset and step in parallel.

  The task is sent to the workers with its factory. A factory from a module is
  imported there; a factory from a script, notebook or function body is sent as
  code. The workers end on `close`, when this object is deleted, and when this
  process ends or is killed.

  After WorkerError, reset the environments to continue. After WorkerDied and
  WorkerTimeout they are closed.

  Attributes:
    task: Name of the task.
    count: Number of environments, N.
    groups: Number of groups that act in turn.
    action_repeat: Environment steps per decision.
    duration: Maximum number of decisions per episode.
    action_spec: Spec of one environment's actions, float32 [A] in [-1, 1].
    observation_spec: Specs of one environment's observations, by name.
    pids: Process ids of the workers.
  """

  def __init__(
    self,
    task: str,
    count: int = 1,
    *,
    groups: int = 1,
    timeout: float = 120.0,
    modules: Sequence[str] = (),
    **task_options: Any,
  ) -> None:
    """Starts the workers and creates the environments.

    Args:
      task: Registered name or `my_package.module:factory`.
      count: Number of environments, N.
      groups: Number of groups that act in turn: the agent plans for one group
        while another one steps; see `control.simulate`.
      timeout: Seconds to wait for the slowest environment in each call.
      modules: Modules that the workers import first, for example one that
        registers the task.
      **task_options: Options of `tasks.build_env`.

    Raises:
      UserError: As `tasks.build_env`: UnknownTask, InvalidTaskOption,
        UnsupportedEnvironment or RenderingUnavailable.
      WorkerError: The environment cannot be created.
      ValueError: count, groups or timeout is not positive.
      TypeError: `build_env` has no such option.
    """
    inspect.signature(build_env).bind(task, **task_options)
    if count < 1:
      raise ValueError(f'count must be a positive integer, got {count!r}.')
    if groups < 1:
      raise ValueError(f'groups must be a positive integer, got {groups!r}.')
    if timeout <= 0:
      raise ValueError(f'timeout must be above 0 seconds, got {timeout!r}.')
    self.task = task
    self.count = count
    self.groups = groups
    self._timeout = timeout
    self._running = [False] * count
    self._workers: list[WorkerProcess] = []
    # Also runs when the interpreter exits.
    self._finalizer = weakref.finalize(self, _close_all, self._workers)
    request = {
      'path': sys.path,
      'modules': list(modules),
      'task': _portable_task(task, modules),
      'options': task_options,
    }
    if needs_rendering(task):
      rendering.choose_backend()  # Once; the workers inherit MUJOCO_GL.
    try:
      for index in range(count):
        label = f'Environment {index} of task {task!r}'
        self._workers.append(WorkerProcess(label))
      replies = self._call('make', [request] * count)
    except BaseException:
      self.close()
      raise
    self.action_spec: specs.BoundedArray = replies[0]['action_spec']
    self.observation_spec: dict[str, specs.Array] = replies[0][
      'observation_spec'
    ]
    self.action_repeat: int = replies[0]['action_repeat']
    self.duration: int = replies[0]['duration']

  @property
  def components(self) -> dict[str, int]:
    """Sizes of the state components of the observations, by name."""
    return {
      name: spec.shape[0]
      for name, spec in self.observation_spec.items()
      if name != 'image'
    }

  @property
  def pids(self) -> list[int]:
    """Process ids of the workers."""
    return [worker.pid for worker in self._workers]

  def reset(self, seeds: Sequence[int | None]) -> list[dm_env.TimeStep]:
    """Starts an episode per seed, in the first environments.

    The whole episode, including its pixels, is a function of its seed. The
    other environments are idle until the next reset.

    Args:
      seeds: One seed per environment, at most `count` seeds. None continues
        the random numbers of the environment.

    Returns:
      First time steps, one per seed.

    Raises:
      ValueError: There are more seeds than environments, or none.
      WorkerError: See the class.
    """
    if not 1 <= len(seeds) <= self.count:
      raise ValueError(
        f'reset takes 1 to {self.count} seeds, got {len(seeds)}.'
      )
    self._running = [False] * self.count
    integers = [None if seed is None else int(seed) for seed in seeds]
    time_steps = self._call('reset', integers)
    self._running[: len(seeds)] = [True] * len(seeds)
    return time_steps

  def step(
    self, actions: Sequence[np.ndarray | None]
  ) -> list[dm_env.TimeStep | None]:
    """Applies one action in every running environment.

    Args:
      actions: One action [A] in [-1, 1] per environment of the last reset.
        None skips an environment, and is required after its episode has ended.

    Returns:
      Time steps; None for skipped environments.

    Raises:
      ValueError: An environment with an action has no running episode.
      WorkerError: See the class.
    """
    acting = [i for i, action in enumerate(actions) if action is not None]
    idle = [i for i in acting if i >= self.count or not self._running[i]]
    if idle:
      raise ValueError(
        f'Environment {idle[0]} has no running episode; use None as its '
        'action, or call reset.'
      )
    requests = [np.asarray(actions[i], np.float32) for i in acting]
    replies = dict(
      zip(acting, self._call('step', requests, acting), strict=True)
    )
    for i, time_step in replies.items():
      self._running[i] = not time_step.last()
    return [replies.get(i) for i in range(len(actions))]

  def close(self) -> None:
    """Ends the workers. Further calls have no effect."""
    self._finalizer()

  def __enter__(self) -> 'ParallelEnvs':
    return self

  def __exit__(self, *_: Any) -> None:
    self.close()

  def _call(
    self,
    command: str,
    arguments: Sequence[Any],
    indices: Sequence[int] | None = None,
  ) -> list[Any]:
    """Sends a command to workers in parallel and returns their replies.

    Args:
      command: Method of `worker.Server`.
      arguments: One argument per worker.
      indices: Indices of the workers. The default is the first ones.

    Raises:
      WorkerDied, WorkerTimeout: All environments are closed.
      WorkerError: First error of an environment, after all have replied.
    """
    if not self._finalizer.alive:
      raise RuntimeError(f'The environments of task {self.task!r} are closed.')
    if indices is None:
      indices = range(len(arguments))
    workers = [self._workers[i] for i in indices]
    deadline = time.monotonic() + self._timeout
    replies, errors = [], []
    try:
      for worker, argument in zip(workers, arguments, strict=True):
        worker.send(command, argument)
      for worker in workers:
        try:
          replies.append(worker.receive(deadline))
        except (WorkerDied, WorkerTimeout):
          raise
        except Exception as error:
          # Read the replies of the other workers before raising.
          errors.append(error)
    except (WorkerDied, WorkerTimeout):
      self.close()
      raise
    except BaseException:
      # On an interrupt, some environments may have stepped and others not.
      self._running = [False] * self.count
      raise
    if errors:
      self._running = [False] * self.count
      raise errors[0]
    return replies


def _portable_task(task: str, modules: Sequence[str]) -> str | bytes:
  """Returns the task as a name or as a pickle, for the workers.

  cloudpickle sends functions of importable modules by name and all others as
  code. A name that only the workers can resolve is returned unchanged.
  """
  if ':' in task and not task.startswith('__main__:'):
    return task
  if registered_task(task) is None and modules:
    return task
  return cloudpickle.dumps(find_task(task))


def _close_all(workers: Sequence[WorkerProcess]) -> None:
  for worker in workers:
    worker.close()
