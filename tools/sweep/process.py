"""One trial as a process, on whichever machine."""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

# A trial whose worker was lost may still be writing its last checkpoint.
_IN_USE = 'is in use by another process'
_PATIENCE = 120.0  # Seconds to wait for that.


def start(
  command: Sequence[str], log: pathlib.Path, environment: Mapping[str, str]
) -> subprocess.Popen:
  """Starts a trial, which ends with the process that has started it.

  Args:
    command: What to run.
    log: File to which its output is added.
    environment: Variables on top of those of this process.

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
      start_new_session=True,  # Ctrl-C is for the sweep, which passes it on.
      preexec_fn=_end_with_parent if sys.platform == 'linux' else None,
    )


def run(
  command: Sequence[str], log: pathlib.Path, environment: Mapping[str, str]
) -> int:
  """Runs a trial to its end; waits if its directory is still in use.

  Returns:
    The exit code.
  """
  deadline = time.monotonic() + _PATIENCE
  while True:
    size = log.stat().st_size if log.exists() else 0
    code = start(command, log, environment).wait()
    with log.open() as file:
      file.seek(size)
      in_use = _IN_USE in file.read()
    if code == 0 or not in_use or time.monotonic() > deadline:
      return code
    time.sleep(2.0)


def _end_with_parent() -> None:
  """Has the system ask the process to stop when its parent dies."""
  set_death_signal = 1  # PR_SET_PDEATHSIG
  ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)
