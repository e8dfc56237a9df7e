"""Parent's side of a worker process: start, requests, replies and errors."""

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

OUTPUT_LINES = 40  # Last lines of a worker's output, for error messages.
GRACE = 5.0  # Seconds to wait before the process is killed.
LOST = (EOFError, BrokenPipeError, ConnectionResetError)


class WorkerError(UserError):
  """An environment raised an exception. Includes the worker's traceback."""


class WorkerDied(WorkerError):
  """A worker process ended. Includes its exit code and last output."""


class WorkerTimeout(WorkerError):
  """A worker did not answer in time. Includes its current traceback."""


class WorkerProcess:
  """Runs `planet_tf.envs.worker` and exchanges messages with it.

  The output of the worker is copied to stderr, after its label.
  """

  def __init__(self, label: str) -> None:
    """Starts the process.

    Args:
      label: Name of the worker in error messages.
    """
    self._label = label
    self._number = 0
    self._output: collections.deque[str] = collections.deque(
      maxlen=OUTPUT_LINES
    )
    ours, theirs = socket.socketpair()
    with theirs:
      self._process = subprocess.Popen(
        module_command('planet_tf.envs.worker', str(theirs.fileno())),
        env=module_environment(),
        pass_fds=[theirs.fileno()],
        stdin=subprocess.PIPE,  # The worker ends when it is closed.
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,  # Ctrl-C does not reach the worker.
      )
    assert self._process.stdin and self._process.stdout
    self._stdin, self._stdout = self._process.stdin, self._process.stdout
    self._connection = Connection(ours.detach())
    self._listener = threading.Thread(target=self._listen, daemon=True)
    self._listener.start()

  @property
  def pid(self) -> int:
    """Process id of the worker."""
    return self._process.pid

  def send(self, command: str, argument: Any = None) -> None:
    """Sends a request. `receive` returns its reply.

    Raises:
      WorkerDied: The process has ended.
    """
    self._number += 1
    try:
      self._connection.send((self._number, command, argument))
    except LOST:
      raise self._death() from None

  def receive(self, deadline: float) -> Any:
    """Waits for the reply to the last request.

    Args:
      deadline: Value of time.monotonic() at which to stop waiting.

    Raises:
      WorkerError: The environment raised an exception. Exceptions of this
        package (such as UnknownTask) are raised with their own class, from a
        WorkerError.
      WorkerDied: The process has ended.
      WorkerTimeout: The deadline has passed. The process is killed.
    """
    number = None
    while number != self._number:  # Skips replies to interrupted calls.
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
    """Ends the process. Kills it if it does not end in time."""
    with contextlib.suppress(*LOST, OSError, WorkerDied):
      self.send('close')
    with contextlib.suppress(subprocess.TimeoutExpired):
      self._process.wait(GRACE)
    self.kill()

  def kill(self) -> None:
    """Kills the process and closes the connections to it."""
    self._process.kill()
    self._process.wait()
    self._connection.close()
    with contextlib.suppress(OSError):
      self._stdin.close()
    # The listener may never end if a process that the environment has started
    # keeps the pipe open.
    self._listener.join(1)

  def _listen(self) -> None:
    with self._stdout as stream:
      for line in stream:
        text = line.decode(errors='replace')
        self._output.append(text)
        # stderr may be closed.
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
    self._process.send_signal(signal.SIGUSR1)  # Prints its traceback.
    time.sleep(0.5)
    self.kill()
    return WorkerTimeout(
      f'{self._label} did not answer in time and was killed. '
      f'{self._last_output()}'
    )

  def _last_output(self) -> str:
    if not self._output:
      return 'It printed nothing.'
    return 'Its last output:\n' + ''.join(self._output)
