"""One trial as a process, on whichever machine."""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
# Looked up now: little is safe between a fork and the new program.
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == 'linux' else None

# A trial whose worker was lost may still be writing its last checkpoint.
_IN_USE = 'is in use by another process'
_PATIENCE = 120.0  # Seconds to wait for that.


def start(
  command: Sequence[str],
  log: pathlib.Path,
  environment: Mapping[str, str],
  folder: str | None = None,
) -> subprocess.Popen:
  """Starts a trial, which ends with the process that has started it.

  Call it from the main thread: the system takes the end of the thread that
  has started it for that of its parent.

  Args:
    command: What to run.
    log: File to which its output is added.
    environment: Variables on top of those of this process.
    folder: Working directory.

  Returns:
    The process.
  """
  log.parent.mkdir(parents=True, exist_ok=True)
  with log.open('a') as file:
    return subprocess.Popen(
      command,
      stdin=subprocess.DEVNULL,
      stdout=file,
      stderr=subprocess.STDOUT,
      env={**os.environ, **environment},
      cwd=folder,
      start_new_session=True,  # Ctrl-C is for the sweep, which passes it on.
      preexec_fn=_ending_with(os.getpid()) if _PRCTL else None,
    )


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
    size = log.stat().st_size if log.exists() else 0
    started = start(command, log, environment, folder)
    try:
      code = started.wait()
    except BaseException:
      started.send_signal(signal.SIGTERM)
      started.wait()
      raise
    with log.open() as file:
      file.seek(size)
      in_use = _IN_USE in file.read()
    if code == 0 or not in_use or time.monotonic() > deadline:
      return code
    time.sleep(2.0)


def _ending_with(parent: int) -> Callable[[], None]:
  """What has the system ask a child to stop when its parent dies."""

  def prepare() -> None:
    _PRCTL(_SET_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:  # It has died meanwhile.
      os.kill(os.getpid(), signal.SIGTERM)

  return prepare
