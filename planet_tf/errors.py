"""Errors that users can fix, and the parts that their messages share.

A `UserError` ends a command with its message in one line and an exit code, and
no traceback. Its subclasses are defined next to the code that raises them. All
other exceptions keep their traceback.
"""

import difflib
from collections.abc import Iterable

# Exit code for errors that can go away if the user waits (EX_TEMPFAIL).
TRY_AGAIN = 75


class UserError(Exception):
  """An error that the user can fix. The message names the value and the fix.

  Attributes:
    exit_code: Exit code of the command.
  """

  exit_code = 2


def one_line(error: BaseException, limit: int = 200) -> str:
  """Returns the message of an exception on one line of at most `limit`."""
  return ' '.join(str(error).split())[:limit]


def did_you_mean(name: str, known: Iterable[str]) -> str:
  """Returns `; did you mean 'x'?` for the closest known name, or nothing."""
  matches = difflib.get_close_matches(name, list(known), 1, 0.5)
  return f'; did you mean {matches[0]!r}?' if matches else ''
