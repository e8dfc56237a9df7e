"""Checks values from gin files against type annotations."""

import collections.abc
import types
import typing


def fits(value: object, hint: object) -> bool:
  """Returns whether a value that gin read has the annotated type."""
  origin, arguments = typing.get_origin(hint), typing.get_args(hint)
  if origin in (typing.Union, types.UnionType):
    return any(fits(value, argument) for argument in arguments)
  if origin is typing.Literal:
    return value in arguments
  if origin is collections.abc.Mapping:
    return isinstance(value, dict) and all(
      fits(part, argument)
      for item in value.items()
      for part, argument in zip(item, arguments, strict=True)
    )
  if origin is not None:  # A sequence.
    return isinstance(value, (list, tuple)) and all(
      fits(item, arguments[0]) for item in value
    )
  if hint is type(None):
    return value is None
  if hint in (int, float) and isinstance(value, bool):
    return False
  if hint is float:
    return isinstance(value, (int, float))
  return not isinstance(hint, type) or isinstance(value, hint)


def describe(hint: object) -> str:
  """Returns an annotated type in words, for messages."""
  origin, arguments = typing.get_origin(hint), typing.get_args(hint)
  if origin is typing.Literal:
    return 'one of ' + ', '.join(map(repr, arguments))
  if origin in (typing.Union, types.UnionType):
    return ' or '.join(map(describe, arguments))
  if origin is collections.abc.Mapping:
    return f'a dict of {describe(arguments[0])} to {describe(arguments[1])}'
  if origin is not None:
    return f'a list of {describe(arguments[0])}'
  if hint is type(None):
    return 'None'
  return str(getattr(hint, '__name__', hint))
