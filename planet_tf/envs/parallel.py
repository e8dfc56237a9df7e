"""Several environments of one task, each in a worker process."""

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
  """Environments of one task that reset and step side by side.

  They run in processes without TensorFlow, so that rendering is safe beside it
  and uses several cores. A task is sent to the workers together with its
  factory: one from a module is imported there, one from a script, notebook or
  function body is sent as code. The processes end with `close`, with the
  object, and with this process, however it ends.

  After a WorkerError the environments may be reset and used again; after
  WorkerDied and WorkerTimeout they are closed.

  Attributes:
    task: Name of the task.
    count: Number of environments, N.
    groups: Groups that act in turns.
    action_repeat: Environment steps per decision.
    duration: Decisions per episode at most.
    action_spec: Spec of one environment's actions, float32 [A] in [-1, 1].
    observation_spec: Specs of one environment's observations, by name.
    pids: Ids of the worker processes.
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
    """Starts the workers and builds the environments.

    Args:
      task: Registered name or `my_package.module:factory`.
      count: Number of environments, N.
      groups: Groups that act in turns, so that one may be planned for while
        another steps; see `control.simulate`.
      timeout: Seconds to wait for the slowest environment in each call.
      modules: Modules that the workers import first, such as one that
        registers the task.
      **task_options: Of `tasks.build_env`.

    Raises:
      UserError: As `tasks.build_env`: UnknownTask, InvalidTaskOption,
        UnsupportedEnvironment or RenderingUnavailable.
      WorkerError: The environment could not be built.
      ValueError, TypeError: A bad count, or an option of another name.
    """
    inspect.signature(build_env).bind(task, **task_options)
    if count < 1:
      raise ValueError(f'count must be a positive integer, got {count!r}.')
    if timeout <= 0:
      raise ValueError(f'timeout must be above 0 seconds, got {timeout!r}.')
    self.task = task
    if groups < 1:
      raise ValueError(f'groups must be a positive integer, got {groups!r}.')
    self.count = count
    self.groups = groups
    self._timeout = timeout
    self._running = [False] * count
    self._workers: list[WorkerProcess] = []
    # Also called at interpreter exit.
    self._finalizer = weakref.finalize(self, _close_all, self._workers)
    request = {
      'path': sys.path,
      'modules': list(modules),
      'task': _portable_task(task, modules),
      'options': task_options,
    }
    if needs_rendering(task):
      rendering.choose_backend()  # Once, for all workers.
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
    """Sizes of the components of the simulator's state, by name."""
    return {
      name: spec.shape[0]
      for name, spec in self.observation_spec.items()
      if name != 'image'
    }

  @property
  def pids(self) -> list[int]:
    """Ids of the worker processes."""
    return [worker.pid for worker in self._workers]

  def reset(self, seeds: Sequence[int | None]) -> list[dm_env.TimeStep]:
    """Starts episodes in the first environments, each with its own seed.

    The whole episode, pixels included, is a function of its seed. Later
    environments sit out until the next reset.

    Args:
      seeds: One per environment to use, at most `count`; None goes on with the
        environment's own random numbers.

    Returns:
      First time steps, one for each seed.

    Raises:
      ValueError: There are more seeds than environments, or none.
      WorkerError: See the class.
    """
    if not 1 <= len(seeds) <= self.count:
      raise ValueError(
        f'reset takes 1 to {self.count} seeds, got {len(seeds)}.'
      )
    self._running = [False] * self.count
    seeds = [None if seed is None else int(seed) for seed in seeds]
    time_steps = self._call('reset', seeds)
    self._running[: len(seeds)] = [True] * len(seeds)
    return time_steps

  def step(
    self, actions: Sequence[np.ndarray | None]
  ) -> list[dm_env.TimeStep | None]:
    """Takes one decision in every running environment.

    Args:
      actions: One per environment of the last reset, [A] in [-1, 1]; None for
        those that sit out, as they must when their episode is over.

    Returns:
      Time steps, None where the action is None.

    Raises:
      ValueError: An action is for an environment without a running episode.
      WorkerError: See the class.
    """
    acting = [i for i, action in enumerate(actions) if action is not None]
    idle = [i for i in acting if i >= self.count or not self._running[i]]
    if idle:
      raise ValueError(
        f'Environment {idle[0]} has no running episode: give it None as '
        'action, or reset.'
      )
    requests = {i: np.asarray(actions[i], np.float32) for i in acting}
    replies = dict(
      zip(acting, self._call('step', requests.values(), acting), strict=True)
    )
    for i, time_step in replies.items():
      self._running[i] = not time_step.last()
    return [replies.get(i) for i in range(len(actions))]

  def close(self) -> None:
    """Ends the workers; more calls do no harm."""
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
    """Has workers do something at the same time; raises the worst error."""
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
          # The others' replies are read before it is raised.
          errors.append(error)
    except (WorkerDied, WorkerTimeout):
      self.close()
      raise
    except BaseException:
      # Interrupted: some environments may have moved and others not.
      self._running = [False] * self.count
      raise
    if errors:
      self._running = [False] * self.count
      raise errors[0]
    return replies


def _portable_task(task: str, modules: Sequence[str]) -> str | bytes:
  """The task in a form that a worker can use.

  cloudpickle names what lies in modules and sends the rest as code. Names that
  only the workers can resolve stay names.
  """
  if ':' in task and not task.startswith('__main__:'):
    return task
  if registered_task(task) is None and modules:
    return task
  return cloudpickle.dumps(find_task(task))


def _close_all(workers: Sequence[WorkerProcess]) -> None:
  for worker in workers:
    worker.close()
