"""What the command lines share: errors in one line, flags, stopping.

TensorFlow takes seconds to import, so commands do that in their `main`, when
the flags have been read: `--help` and mistakes in flags answer at once.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence

from absl import app, flags, logging

# The flags defined here belong to the command for which they are defined.
flags.disclaim_key_flags()


# Exit code where it helps to wait and try again (EX_TEMPFAIL).
TRY_AGAIN = 75


class UsageError(ValueError):
  """Flags that make no sense."""


# gin appends the call that failed; to users that is noise.
_GIN_SUFFIX = '\n  In call to configurable'


def define_gin_flags(base: str) -> None:
  """Defines --gin_file and --gin_param.

  Args:
    base: What is read before them.
  """
  flags.DEFINE_multi_string(
    'gin_file',
    [],
    f'gin file to read after {base}; later ones win. Names are looked for in '
    'the working directory, then among the shipped files.',
  )
  flags.DEFINE_multi_string(
    'gin_param', [], 'Single binding, such as train.seed=1; wins over files.'
  )


class StopRequest:
  """Turns signals into a question: stop now?

  The first signal is remembered; a second one ends the process at once.

  Args:
    *numbers: Signals such as `signal.SIGINT`.
  """

  def __init__(self, *numbers: int) -> None:
    self._received = False
    for number in numbers:
      signal.signal(number, self._receive)

  def __call__(self) -> bool:
    """Whether a signal has come."""
    return self._received

  def _receive(self, number: int, frame: object) -> None:
    self._received = True
    signal.signal(number, signal.SIG_DFL)
    # Not print: the signal may have come in the middle of one.
    os.write(2, b'\nStopping after a checkpoint; again to stop at once.\n')


def run(main: Callable[[], int], *required: str) -> None:
  """Runs a command: user errors end in one line and exit code 2.

  A run directory that is in use ends in exit code `TRY_AGAIN`.

  Args:
    main: Imports what it needs, returns the exit code.
    *required: Names of flags without which it cannot run.
  """

  def guarded(arguments: list[str]) -> int:
    try:
      expect_no_arguments(arguments[1:])
      for flag in required:
        require(flag)
      start_tensorflow()
      return main()
    except UsageError as error:
      print(f'Error: {error}', file=sys.stderr)
      return 2
    except OSError as error:  # Disk full, permissions, a network drive.
      print(f'Error: {error}', file=sys.stderr)
      return 2
    except KeyboardInterrupt:
      return 130
    except Exception as error:
      if not isinstance(error, _user_errors()):
        raise
      print(f'Error: {str(error).split(_GIN_SUFFIX)[0]}', file=sys.stderr)
      return TRY_AGAIN if _is_temporary(error) else 2

  logging.set_verbosity(logging.WARNING)

  def parse(arguments: list[str]) -> list[str]:
    try:
      return flags.FLAGS(arguments)
    except flags.Error as error:
      print(f'Error: {error}. See --help.', file=sys.stderr)
      sys.exit(2)
    except SystemExit:
      sys.exit(0)  # After --help, for which absl thinks that 1 is right.

  app.run(guarded, flags_parser=parse)


def start_tensorflow() -> None:
  """Imports TensorFlow and lets several commands share one GPU.

  Its libraries print lines about oneDNN and CUDA when they are loaded, and no
  setting stops them, so standard error is closed meanwhile. `planet_tf.doctor`
  says what users need to know; exceptions are raised as ever. `run` calls it
  before `main`, and tools before they import what needs TensorFlow.
  """
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
  os.dup2(null, 2)
  try:
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices('GPU'):
      tf.config.experimental.set_memory_growth(gpu, True)
  finally:
    os.dup2(saved, 2)
    os.close(saved)
    os.close(null)


def _user_errors() -> tuple[type[Exception], ...]:
  """What users can cause or mend; each message is made for their eyes."""
  from planet_tf.config.registry import ConfigurationError
  from planet_tf.data import EpisodeError, SamplerError
  from planet_tf.envs import (
    InvalidTaskOption,
    RenderingUnavailable,
    UnknownTask,
    UnsupportedEnvironment,
    WorkerError,
  )
  from planet_tf.exporting.metadata import ExportError
  from planet_tf.runs.checkpoints import CheckpointError
  from planet_tf.runs.directory import RunError
  from planet_tf.training.trainer import TrainingDiverged
  from planet_tf.true_simulator.policy import UnknownSimulation

  return (
    CheckpointError,
    ConfigurationError,
    EpisodeError,
    ExportError,
    InvalidTaskOption,
    RenderingUnavailable,
    RunError,
    SamplerError,
    TrainingDiverged,
    UnknownSimulation,
    UnknownTask,
    UnsupportedEnvironment,
    WorkerError,
  )


def _is_temporary(error: Exception) -> bool:
  from planet_tf.runs.directory import RunInUse

  return isinstance(error, RunInUse)


def expect_no_arguments(arguments: list[str]) -> None:
  """Refuses arguments that are not flags.

  Raises:
    UsageError: If there are any.
  """
  if arguments:
    raise UsageError(
      f'{arguments[0]!r} is not a flag; settings are given as '
      '--gin_param=name.parameter=value.'
    )


def require(flag: str) -> None:
  """Refuses to go on without a flag.

  Raises:
    UsageError: If it is not set, or empty.
  """
  if not flags.FLAGS[flag].value:
    raise UsageError(f'--{flag} is missing; {flags.FLAGS[flag].help}')


def require_one_of(*names: str) -> None:
  """Refuses none or several of some flags.

  Raises:
    UsageError: Not exactly one of them is set.
  """
  if sum(flags.FLAGS[name].value is not None for name in names) != 1:
    either = ' or '.join(f'--{name}' for name in names)
    raise UsageError(f'Give either {either}; see --help.')


def require_suffix(flag: str, suffixes: Sequence[str]) -> None:
  """Refuses a file name that does not say one of the formats.

  Raises:
    UsageError: The flag is set to another one.
  """
  path = flags.FLAGS[flag].value
  if path and not path.endswith(tuple(suffixes)):
    raise UsageError(
      f'--{flag}={path} must end in {" or ".join(suffixes)}, the formats that '
      'are written.'
    )


def require_writable(path: str | None) -> None:
  """Refuses a file that cannot be written, before the work and not after.

  Raises:
    UsageError: If its folder does not exist or is not writable.
  """
  folder = path and (os.path.dirname(path) or '.')
  if path and (os.path.isdir(path) or not os.access(folder, os.W_OK)):
    raise UsageError(
      f'Cannot write {path!r}; make its folder or choose another one.'
    )


def require_writable_folder(path: str) -> None:
  """Refuses a folder that cannot be made or written to.

  Raises:
    UsageError: It or the nearest folder around it is not writable.
  """
  nearest = os.path.abspath(os.path.expanduser(path))
  while not os.path.exists(nearest):
    nearest = os.path.dirname(nearest)
  if not os.path.isdir(nearest) or not os.access(nearest, os.W_OK):
    raise UsageError(f'Cannot write to {path!r}; choose another folder.')


def require_binding(name: str, example: str) -> None:
  """Refuses to go on without a setting that planet.gin leaves open.

  Raises:
    UsageError: If it is not bound.
  """
  from planet_tf.config import gin_files

  if name not in gin_files.bindings():
    raise UsageError(
      f'{name} is not set; give a task with --gin_file={example}.'
    )
