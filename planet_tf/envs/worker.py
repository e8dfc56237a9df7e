"""Program that runs one environment for a parent process.

`worker_process.WorkerProcess` starts it as
`python -m planet_tf.envs.worker DESCRIPTOR`. It never imports TensorFlow, which
crashes in one process with software OpenGL (Mesa). It is not a child of
multiprocessing, because spawned children import the main module of the parent,
and that may import TensorFlow.

Requests are (number, command, argument) and replies are (number, succeeded,
value). They are pickled and sent through a separate socket, so that output of
libraries on stdout does not disturb them.
"""

import faulthandler
import importlib
import os
import pickle
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

import dm_env
import numpy as np


class Server:
  """The commands of a worker. Each method is a command."""

  _env: Any  # A dm_env environment with `seed`; made by `make`.

  def __init__(self) -> None:
    self._env = None

  def make(self, request: dict[str, Any]) -> dict[str, Any]:
    """Creates the environment.

    Args:
      request: `path`, the module search path of the parent; `modules` to
        import first; `task`, a name or a pickled task; `options` of build_env.

    Returns:
      `action_spec`, `observation_spec`, `action_repeat` and `duration`.
    """
    sys.path[:] = request['path']
    from planet_tf.envs import tasks

    for module in request['modules']:
      importlib.import_module(module)
    task = request['task']
    if isinstance(task, bytes):
      task = pickle.loads(task)
    self._env = tasks.build_env(task, **request['options'])
    return {
      'action_spec': self._env.action_spec(),
      'observation_spec': self._env.observation_spec(),
      'action_repeat': self._env.action_repeat,
      'duration': self._env.duration,
    }

  def reset(self, seed: int | None) -> dm_env.TimeStep:
    """Seeds the environment unless the seed is None, and resets it."""
    if seed is not None:
      self._env.seed(seed)
    return self._env.reset()

  def step(self, action: np.ndarray) -> dm_env.TimeStep:
    """Applies an action."""
    return self._env.step(action)

  def close(self, _: None) -> None:
    """Closes the environment."""
    if self._env is not None:
      self._env.close()


def serve(connection: Connection) -> None:
  """Answers requests until `close`, or until the parent disconnects."""
  server = Server()
  command = None
  while command != 'close':
    try:
      number, command, argument = connection.recv()
    except (EOFError, ConnectionError):
      return
    try:
      succeeded, value = True, getattr(server, command)(argument)
    except Exception as error:
      succeeded, value = False, _describe(error)
    connection.send((number, succeeded, value))


def _describe(error: Exception) -> dict[str, Any]:
  """Returns a picklable description with which the parent can raise it."""
  own = type(error).__module__.startswith('planet_tf.')
  return {
    'summary': traceback.format_exception_only(error)[-1].strip(),
    'traceback': ''.join(traceback.format_exception(error)),
    'error': error.with_traceback(None) if own else None,
  }


def _exit_with_parent() -> None:
  """Ends the process when the parent closes the other end of stdin.

  The operating system closes it even if the parent is killed. A thread waits
  for this, so that the process ends even in the middle of a step.
  """
  lifeline = os.dup(0)
  nothing = os.open(os.devnull, os.O_RDONLY)
  os.dup2(nothing, 0)
  os.close(nothing)

  def watch() -> None:
    os.read(lifeline, 1)
    os._exit(0)

  threading.Thread(target=watch, daemon=True).start()


def main(descriptor: int) -> None:
  """Serves the connection with the given file descriptor."""
  # Ctrl-C reaches all processes of the terminal, but the parent handles it.
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  faulthandler.enable()  # Prints a traceback on a crash in native code,
  faulthandler.register(signal.SIGUSR1)  # and on SIGUSR1, after a timeout.
  _exit_with_parent()
  serve(Connection(descriptor))
  sys.stdout.flush()
  sys.stderr.flush()
  os._exit(0)  # OpenGL libraries print errors when they are unloaded.


if __name__ == '__main__':
  main(int(sys.argv[1]))
