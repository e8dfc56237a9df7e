"""One-line explanations of the errors that gin raises."""

import re
import tokenize

from planet_tf.config.registry import registered, settable
from planet_tf.errors import did_you_mean, one_line

# Exceptions that gin raises for text that it cannot use.
GIN_ERRORS = (
  ImportError,
  OSError,
  SyntaxError,
  TypeError,
  ValueError,
  tokenize.TokenError,
)

_UNKNOWN_FUNCTION = re.compile(r"No configurable matching '([^']*)'")
_UNKNOWN_PARAMETER = re.compile(
  r"[Cc]onfigurable '([^']*)' doesn't have a parameter named '([^']*)'"
)
_UNKNOWN_VALUE = re.compile(r"Failed to parse token '([^']*)'")


def explain(error: BaseException) -> str:
  """Returns gin's message on one line, with the closest known name."""
  message = str(error)
  if match := _UNKNOWN_FUNCTION.search(message):
    return _unknown_function(match[1])
  if match := _UNKNOWN_PARAMETER.search(message):
    return _unknown_parameter(match[1].split('.')[-1], match[2])
  if match := _UNKNOWN_VALUE.search(message):
    return f'cannot read the value {match[1]!r}; text needs quotes.'
  if isinstance(error, SyntaxError):
    line = (error.text or '').strip()
    return f'not valid gin: {error.msg} in line {error.lineno}: {line}'
  if isinstance(error, tokenize.TokenError):
    return f'not valid gin: {error.args[0]}; a bracket or quote is missing.'
  return one_line(error)


def _unknown_function(name: str) -> str:
  known = sorted(registered())
  hint = did_you_mean(name, known) or f'; known are {", ".join(known)}'
  return f'unknown function {name!r}{hint}'


def _unknown_parameter(name: str, parameter: str) -> str:
  known = settable(registered()[name])
  hint = did_you_mean(parameter, known) or f'; it has {", ".join(known)}'
  return f'{name} has no parameter {parameter!r}{hint}'
