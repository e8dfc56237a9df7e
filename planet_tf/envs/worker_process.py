"""A worker process seen from its parent, and what can go wrong with it."""

import collections
import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from planet_tf.envs.subprocesses import module_command, module_environment
from planet_tf.errors import UserError

OUTPUT_LINES = 40  # Kept of what a worker prints, for error messages.
GRACE = 5.0  # Seconds to end by itself.
LOST = (EOFError, BrokenPipeError, ConnectionResetError)


class WorkerError(UserError):
  """An environment raised an exception; holds the worker's traceback."""


class WorkerDied(WorkerError):
  """A worker process ended; holds its exit code and last output."""


class WorkerTimeout(WorkerError):
  """A worker did not answer in time; holds where it hung."""


class WorkerProcess:
  """Starts `planet_tf.envs.worker` and exchanges messages with it.

  Whatever the worker prints is passed on to stderr under its label.
  """

  def __init__(self, label: str) -> None:
    """Starts the process.

    Args:
      label: What error messages call it.
    """
    self._label = label
    self._number = 0
    self._output = collections.deque(maxlen=OUTPUT_LINES)
    ours, theirs = socket.socketpair()
    with theirs:
      self._process = subprocess.Popen(
        module_command('planet_tf.envs.worker', str(theirs.fileno())),
        env=module_environment(),
        pass_fds=[theirs.fileno()],
        stdin=subprocess.PIPE,  # Its end tells the worker that we are gone.
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,  # Ctrl-C is ours, from the first moment on.
      )
    self._connection = Connection(ours.detach())
    self._listener = threading.Thread(target=self._listen, daemon=True)
    self._listener.start()

  @property
  def pid(self) -> int:
    """Process id."""
    return self._process.pid

  def send(self, command: str, argument: Any = None) -> None:
    """Sends a request; `receive` gets its reply.

    Raises:
      WorkerDied: The process is gone.
    """
    self._number += 1
    try:
      self._connection.send((self._number, command, argument))
    except LOST:
      raise self._death() from None

  def receive(self, deadline: float) -> Any:
    """Waits for the reply to the last request.

    Args:
      deadline: Value of time.monotonic() to give up at.

    Raises:
      WorkerError: The environment raised an exception. Those of this package
        (such as UnknownTask) are raised as they are, caused by a WorkerError.
      WorkerDied: The process is gone.
      WorkerTimeout: The deadline is over; the process gets killed.
    """
    number = None
    while number != self._number:  # Replies to interrupted calls are skipped.
      try:
        if not self._connection.poll(max(0, deadline - time.monotonic())):
          raise self._timeout()
        number, succeeded, value = self._connection.recv()
      except LOST:
        raise self._death() from None
    if succeeded:
      return value
    error = WorkerError(
      f'{self._label} raised {value["summary"]}\n\n'
      f'Traceback of the worker:\n{value["traceback"]}'
    )
    if value['error'] is not None:
      raise value['error'] from error
    raise error

  def close(self) -> None:
    """Ends the process, by force if it does not answer."""
    with contextlib.suppress(*LOST, OSError, WorkerDied):
      self.send('close')
    with contextlib.suppress(subprocess.TimeoutExpired):
      self._process.wait(GRACE)
    self.kill()

  def kill(self) -> None:
    """Ends the process at once and frees what belongs to it."""
    self._process.kill()
    self._process.wait()
    self._connection.close()
    with contextlib.suppress(OSError):
      self._process.stdin.close()
    # A process that the environment left behind may hold the pipe open.
    self._listener.join(1)

  def _listen(self) -> None:
    with self._process.stdout as stream:
      for line in stream:
        text = line.decode(errors='replace')
        self._output.append(text)
        # The user's stderr may be closed already.
        with contextlib.suppress(OSError, ValueError):
          sys.stderr.write(f'[{self._label}] {text}')

  def _death(self) -> WorkerDied:
    with contextlib.suppress(subprocess.TimeoutExpired):
      self._process.wait(GRACE)
    self._listener.join(1)
    code = self._process.poll()
    if code is None:
      cause = 'closed its connection'
    elif code < 0:
      cause = f'was killed by {signal.Signals(-code).name} (exit code {code})'
    else:
      cause = f'ended with exit code {code}'
    return WorkerDied(f'{self._label} {cause}. {self._last_output()}')

  def _timeout(self) -> WorkerTimeout:
    self._process.send_signal(signal.SIGUSR1)  # Prints where it is.
    time.sleep(0.5)
    self.kill()
    return WorkerTimeout(
      f'{self._label} gave no answer in time and was killed. '
      f'{self._last_output()}'
    )

  def _last_output(self) -> str:
    if not self._output:
      return 'It printed nothing.'
    return 'Its last output:\n' + ''.join(self._output)
