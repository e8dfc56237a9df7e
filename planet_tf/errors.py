"""Errors that users can fix, and the parts that their messages share.

A `UserError` ends a command with its message in one line and an exit code, and
no traceback. Its subclasses are defined next to the code that raises them. All
other exceptions keep their traceback.
"""

import contextlib
import difflib
import os
from collections.abc import Iterable, Iterator

# Exit code for errors that can go away if the user waits (EX_TEMPFAIL).
TRY_AGAIN = 75


class UserError(Exception):
  """An error that the user can fix. The message names the value and the fix.

  Attributes:
    exit_code: Exit code of the command.
  """

  exit_code = 2


class FileError(UserError, OSError):
  """A file that cannot be read or written: disk full, permissions, path."""


@contextlib.contextmanager
def file_errors(action: str, path: str | os.PathLike[str]) -> Iterator[None]:
  """Context in which operating system errors are the user's to fix.

  Wrap only the operations on the file, so that other errors keep their
  traceback.

  Args:
    action: Verb of the message, `read` or `write`.
    path: The file or folder.

  Raises:
    FileError: Instead of an OSError.
  """
  try:
    yield
  except UserError:
    raise
  except OSError as error:
    reason = error.strerror or one_line(error)
    raise FileError(
      f'Cannot {action} {os.fspath(path)!r}: {reason}; free disk space, fix '
      'the permissions or choose another path.'
    ) from error


def one_line(error: BaseException, limit: int = 200) -> str:
  """Returns the message of an exception on one line of at most `limit`."""
  return ' '.join(str(error).split())[:limit]


def did_you_mean(name: str, known: Iterable[str]) -> str:
  """Returns `; did you mean 'x'?` for the closest known name, or nothing."""
  matches = difflib.get_close_matches(name, list(known), 1, 0.5)
  return f'; did you mean {matches[0]!r}?' if matches else ''
