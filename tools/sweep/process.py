"""Runs one trial as a process."""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from planet_tf.errors import TRY_AGAIN

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
# Looked up here because few calls are safe between fork and exec.
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == 'linux' else None

# Seconds to wait for a run directory that is in use. A trial whose worker was
# lost may still be writing its last checkpoint.
_PATIENCE = 120.0


class Attempt(NamedTuple):
  """A process that trains a trial.

  Attributes:
    process: The process.
    deadline: When to stop waiting for a run directory that is in use.
  """

  process: subprocess.Popen
  deadline: float

  def stop(self) -> None:
    """Asks it to stop after a checkpoint."""
    self.process.send_signal(signal.SIGTERM)

  @property
  def must_wait(self) -> bool:
    """Whether it ended because its run directory is still in use."""
    in_use = self.process.returncode == TRY_AGAIN
    return in_use and time.monotonic() < self.deadline


def start(
  command: Sequence[str],
  log: pathlib.Path,
  environment: Mapping[str, str],
  folder: str | None = None,
  deadline: float | None = None,
) -> Attempt:
  """Starts a trial that stops when the process that started it ends.

  Call it from the main thread: the system treats the end of the thread that
  started the trial as the end of its parent.

  Args:
    command: What to run.
    log: File to append the output to.
    environment: Variables on top of those of this process.
    folder: Working directory.
    deadline: Time, as of `time.monotonic`, until which to wait for a run
      directory that is in use; by default two minutes from now.

  Returns:
    The attempt.
  """
  log.parent.mkdir(parents=True, exist_ok=True)
  with log.open('a') as file:
    process = subprocess.Popen(
      command,
      stdin=subprocess.DEVNULL,
      stdout=file,
      stderr=subprocess.STDOUT,
      env={**os.environ, **environment},
      cwd=folder,
      start_new_session=True,  # The sweep handles Ctrl-C.
      preexec_fn=_ending_with(os.getpid()) if _PRCTL else None,
    )
  return Attempt(process, deadline or time.monotonic() + _PATIENCE)


def run(
  command: Sequence[str],
  log: pathlib.Path,
  environment: Mapping[str, str],
  folder: str,
) -> int:
  """Runs a trial to its end; waits while its run directory is in use.

  An interruption stops the trial after a checkpoint.

  Args:
    command: What to run.
    log: File to append the output to.
    environment: Variables on top of those of this process.
    folder: Working directory.

  Returns:
    The exit code.
  """
  deadline = time.monotonic() + _PATIENCE
  while True:
    attempt = start(command, log, environment, folder, deadline)
    try:
      # Ray cancels with a flag that Python reads only between two calls, so
      # never during a blocking wait.
      while (code := attempt.process.poll()) is None:
        time.sleep(1.0)
    except BaseException:
      attempt.stop()
      attempt.process.wait()
      raise
    if not attempt.must_wait:
      return code
    time.sleep(2.0)


def _ending_with(parent: int) -> Callable[[], None]:
  """Returns a function that makes a child stop when its parent dies."""

  def prepare() -> None:
    _PRCTL(_SET_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:  # The parent has died meanwhile.
      os.kill(os.getpid(), signal.SIGTERM)

  return prepare
