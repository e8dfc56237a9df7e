"""Whether values read from gin files are of the annotated types."""

import collections.abc
import types
import typing


def fits(value: object, hint: object) -> bool:
  """Whether a value read by gin is of the annotated type."""
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
  if origin is not None:  # A sequence of something.
    if not isinstance(value, (list, tuple)) or isinstance(value, str):
      return False
    return all(fits(item, arguments[0]) for item in value)
  if hint is type(None):
    return value is None
  if hint in (int, float) and isinstance(value, bool):
    return False
  if hint is float:
    return isinstance(value, (int, float))
  return not isinstance(hint, type) or isinstance(value, hint)


def describe(hint: object) -> str:
  """An annotated type in words."""
  if typing.get_origin(hint) is typing.Literal:
    return 'one of ' + ', '.join(map(repr, typing.get_args(hint)))
  origin, arguments = typing.get_origin(hint), typing.get_args(hint)
  if origin in (typing.Union, types.UnionType):
    return ' or '.join(map(describe, arguments))
  if origin is collections.abc.Mapping:
    return f'a dict of {describe(arguments[0])} to {describe(arguments[1])}'
  if origin is not None:
    return f'a list of {describe(arguments[0])}'
  return 'None' if hint is type(None) else hint.__name__
