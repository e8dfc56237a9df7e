"""One trial as a process, on whichever machine."""

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
# Looked up now: little is safe between a fork and the new program.
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == 'linux' else None

# Seconds to wait for a run directory that is in use: a trial whose worker was
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
    """Whether it has ended at once, as its run directory is still in use."""
    in_use = self.process.returncode == TRY_AGAIN
    return in_use and time.monotonic() < self.deadline


def start(
  command: Sequence[str],
  log: pathlib.Path,
  environment: Mapping[str, str],
  folder: str | None = None,
  deadline: float | None = None,
) -> Attempt:
  """Starts a trial, which ends with the process that has started it.

  Call it from the main thread: the system takes the end of the thread that
  has started it for that of its parent.

  Args:
    command: What to run.
    log: File to which its output is added.
    environment: Variables on top of those of this process.
    folder: Working directory.
    deadline: When to stop waiting for a run directory that is in use, in
      `time.monotonic`; two minutes from now by default.

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
      start_new_session=True,  # Ctrl-C is for the sweep, which passes it on.
      preexec_fn=_ending_with(os.getpid()) if _PRCTL else None,
    )
  return Attempt(process, deadline or time.monotonic() + _PATIENCE)


def run(
  command: Sequence[str],
  log: pathlib.Path,
  environment: Mapping[str, str],
  folder: str,
) -> int:
  """Runs a trial to its end; waits if its directory is still in use.

  Whatever interrupts it stops the trial after a checkpoint.

  Args:
    command: As `start`; so are the others.
    log: File to which its output is added.
    environment: Variables on top of those of this process.
    folder: Working directory.

  Returns:
    The exit code.
  """
  deadline = time.monotonic() + _PATIENCE
  while True:
    attempt = start(command, log, environment, folder, deadline)
    try:
      # Ray cancels by a flag that Python reads only between two calls, and so
      # never in a wait without an end.
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
  """What has the system ask a child to stop when its parent dies."""

  def prepare() -> None:
    _PRCTL(_SET_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:  # It has died meanwhile.
      os.kill(os.getpid(), signal.SIGTERM)

  return prepare
