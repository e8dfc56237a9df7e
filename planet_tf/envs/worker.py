"""Program that runs one environment for a parent process.

Started by worker_process.py as `python -m planet_tf.envs.worker DESCRIPTOR`.
It never imports TensorFlow, which crashes beside Mesa's software OpenGL; for
the same reason it is no child of multiprocessing, whose spawn imports the
parent's main module again.

Requests are (number, command, argument), replies (number, succeeded, value),
pickled over a socket of their own, so that whatever libraries print does no
harm.
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
  """The commands of a worker; each is a method of that name."""

  def __init__(self) -> None:
    self._env = None

  def make(self, request: dict[str, Any]) -> dict[str, Any]:
    """Builds the environment.

    Args:
      request: `path`, the parent's module search path; `modules` to import
        first; `task`, a name or a pickled task; `options` of build_env.

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
    """Frees what the environment holds."""
    if self._env is not None:
      self._env.close()


def serve(connection: Connection) -> None:
  """Answers requests until `close` or until the parent hangs up."""
  server = Server()
  command = None
  while command != 'close':
    try:
      number, command, argument = connection.recv()
    except (EOFError, ConnectionError):
      return
    try:
      reply = number, True, getattr(server, command)(argument)
    except Exception as error:
      reply = number, False, _describe(error)
    connection.send(reply)


def _describe(error: Exception) -> dict[str, Any]:
  """What the parent needs to raise the error again, picklable."""
  own = type(error).__module__.startswith('planet_tf.')
  return {
    'summary': traceback.format_exception_only(error)[-1].strip(),
    'traceback': ''.join(traceback.format_exception(error)),
    'error': error.with_traceback(None) if own else None,
  }


def _exit_with_parent() -> None:
  """Ends the process when the parent closes its end of our stdin.

  The operating system does so however the parent ends, and a thread notices
  even in the middle of a step.
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
  # Ctrl-C reaches the whole terminal, but is the parent's to handle.
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  faulthandler.enable()  # A crash in native code shows where it happened;
  faulthandler.register(signal.SIGUSR1)  # so does a hang, when asked.
  _exit_with_parent()
  serve(Connection(descriptor))
  sys.stdout.flush()
  sys.stderr.flush()
  os._exit(0)  # OpenGL libraries complain where the interpreter unloads them.


if __name__ == '__main__':
  main(int(sys.argv[1]))
