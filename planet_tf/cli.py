"""Parts that all commands share: error messages, flags and signals.

TensorFlow takes seconds to import. Commands therefore import it in their
`main`, after the flags have been parsed, so that `--help` and mistakes in
flags respond at once.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence

from absl import app, flags, logging

from planet_tf.errors import UserError

# The flags defined here belong to the command that calls the function.
flags.disclaim_key_flags()


class UsageError(UserError):
  """Flags that are missing, or do not fit together."""


def define_gin_flags(base: str) -> None:
  """Defines --gin_file and --gin_param.

  Args:
    base: Name of the configuration that is read before them.
  """
  flags.DEFINE_multi_string(
    'gin_file',
    [],
    f'gin file to read after {base}; later files win. Relative names are '
    'looked up in the working directory, then among the shipped files.',
  )
  flags.DEFINE_multi_string(
    'gin_param', [], 'Single binding, such as train.seed=1; wins over files.'
  )


class StopRequest:
  """Callable that returns whether a signal asked the process to stop.

  The first signal is remembered; the second one ends the process at once.

  Args:
    *numbers: Signals to handle, such as `signal.SIGINT`.
  """

  def __init__(self, *numbers: int) -> None:
    self._received = False
    for number in numbers:
      signal.signal(number, self._receive)

  def __call__(self) -> bool:
    """Whether a signal was received."""
    return self._received

  def _receive(self, number: int, frame: object) -> None:
    self._received = True
    signal.signal(number, signal.SIG_DFL)
    # os.write, because the signal may have interrupted a print.
    os.write(2, b'\nStopping after a checkpoint; again to stop at once.\n')


def run(main: Callable[[], int], *required: str) -> None:
  """Runs a command and exits with its exit code.

  A `UserError` is printed in one line and gives its exit code; Ctrl-C gives
  130. All other exceptions keep their traceback.

  Args:
    main: Imports what it needs and returns the exit code.
    *required: Names of the flags that must be set.
  """

  def guarded(arguments: list[str]) -> int:
    try:
      expect_no_arguments(arguments[1:])
      for flag in required:
        require(flag)
      start_tensorflow()
      return main()
    except UserError as error:
      print(f'Error: {error}', file=sys.stderr)
      return error.exit_code
    except KeyboardInterrupt:
      return 130

  logging.set_verbosity(logging.WARNING)

  def parse(arguments: list[str]) -> list[str]:
    try:
      return flags.FLAGS(arguments)
    except flags.Error as error:
      print(f'Error: {error}. See --help.', file=sys.stderr)
      sys.exit(2)
    except SystemExit:
      sys.exit(0)  # absl exits with 1 after --help.

  app.run(guarded, flags_parser=parse)


def start_tensorflow() -> None:
  """Imports TensorFlow quietly and lets several processes share one GPU.

  Its libraries print lines about oneDNN and CUDA when they are loaded. No
  setting turns them off, so standard error is closed during the import.
  `planet_tf.doctor` reports what users need to know; exceptions are raised as
  usual. `run` calls this function before `main`; tools call it before they
  import modules that need TensorFlow.
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


def expect_no_arguments(arguments: Sequence[str]) -> None:
  """Raises a UsageError if there are arguments that are not flags."""
  if arguments:
    raise UsageError(
      f'{arguments[0]!r} is not a flag; settings are given as '
      '--gin_param=name.parameter=value.'
    )


def require(flag: str) -> None:
  """Raises a UsageError if a flag is not set, or empty."""
  if not flags.FLAGS[flag].value:
    raise UsageError(f'--{flag} is missing; {flags.FLAGS[flag].help}')


def require_one_of(*names: str) -> None:
  """Raises a UsageError unless exactly one of some flags is set."""
  if sum(flags.FLAGS[name].value is not None for name in names) != 1:
    either = ' or '.join(f'--{name}' for name in names)
    raise UsageError(f'Give either {either}; see --help.')


def require_suffix(flag: str, suffixes: Sequence[str]) -> None:
  """Raises a UsageError if a flag names a file with another suffix."""
  path = flags.FLAGS[flag].value
  if path and not path.endswith(tuple(suffixes)):
    raise UsageError(
      f'--{flag}={path} must end in {" or ".join(suffixes)}, the supported '
      'formats.'
    )


def require_writable(path: str | None) -> None:
  """Raises a UsageError, before any work, if a file cannot be written."""
  if not path:
    return
  folder = os.path.dirname(path) or '.'
  if os.path.isdir(path) or not os.access(folder, os.W_OK):
    raise UsageError(
      f'Cannot write {path!r}; create its folder or choose another one.'
    )


def require_writable_folder(path: str) -> None:
  """Raises a UsageError if a folder cannot be created or written to."""
  nearest = os.path.abspath(os.path.expanduser(path))
  while not os.path.exists(nearest):
    nearest = os.path.dirname(nearest)
  if not os.path.isdir(nearest) or not os.access(nearest, os.W_OK):
    raise UsageError(f'Cannot write to {path!r}; choose another folder.')


def require_binding(name: str, example: str) -> None:
  """Raises a UsageError if a setting without a default is not bound."""
  from planet_tf.config import gin_files

  if name not in gin_files.bindings():
    raise UsageError(
      f'{name} is not set; give a task with --gin_file={example}.'
    )
