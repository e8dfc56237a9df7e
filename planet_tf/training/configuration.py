"""Reads gin files and checks what they bind.

gin itself accepts values of any type, lets a repeated binding win silently
and reports errors over several lines. Here every mistake ends in one line.
"""

import collections.abc
import difflib
import inspect
import pathlib
import re
import tokenize
import types
import typing
from collections.abc import Iterable, Sequence

import gin

# Imported for what they register.
from planet_tf.training import (  # noqa: F401
  factories,
  model_factories,
  train_settings,
)
from planet_tf.training.registry import (
  ConfigurationError,
  registered,
  settable,
)

BASE = 'planet.gin'

# What gin raises for text that it cannot use.
_GIN_ERRORS = (
  ImportError,
  OSError,
  SyntaxError,
  TypeError,
  ValueError,
  tokenize.TokenError,
)


def shipped_files() -> pathlib.Path:
  """Folder of the gin files that come with the package."""
  package = pathlib.Path(__file__).resolve().parents[1]
  inside = package / 'gin_configs'  # In an installed wheel.
  return inside if inside.is_dir() else package.parent / 'gin_configs'


def find_file(name: str) -> pathlib.Path:
  """Finds a gin file in the working directory or among the shipped ones.

  Args:
    name: Path, or name such as `tasks/cheetah_run.gin`; a leading
      `gin_configs/` is accepted for shipped files too.

  Raises:
    ConfigurationError: If there is no such file.
  """
  shipped = shipped_files()
  inner = name.removeprefix('gin_configs/')
  for path in (pathlib.Path(name).expanduser(), shipped / inner):
    if path.is_file():
      return path
  known = sorted(str(p.relative_to(shipped)) for p in shipped.rglob('*.gin'))
  raise ConfigurationError(
    f'No gin file {name!r} in the working directory or among the shipped '
    f'files{nearest(inner, known)}'
  )


def parse(
  files: Sequence[str] = (),
  params: Sequence[str] = (),
  *,
  base: str | None = BASE,
) -> None:
  """Sets the configuration: base file, then files, then parameters.

  Later bindings win over earlier ones.

  Args:
    files: Names of gin files, as `find_file` takes them.
    params: Bindings such as `train.seed = 1`.
    base: File that is read before all others.

  Raises:
    ConfigurationError: For anything that does not fit, in one line.
  """
  gin.clear_config()
  for name in ([base] if base else []) + list(files):
    path = find_file(name)
    try:
      source = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
      raise ConfigurationError(f'Cannot read {str(path)!r}: {error}') from error
    _parse_text(source, str(path))
  for param in params:
    if '=' not in param:
      raise ConfigurationError(
        f'--gin_param={param!r} is not of the form name.parameter=value.'
      )
    _parse_text(param, f'--gin_param={param!r}')
  _check_types()


def bindings() -> dict[str, object]:
  """All bound parameters as `function.parameter` and value."""
  result = {}
  for name, function in registered().items():
    for parameter in inspect.signature(function).parameters:
      key = f'{name}.{parameter}'
      try:
        result[key] = gin.query_parameter(key)
      except ValueError:
        continue  # Not bound.
  return result


def text() -> str:
  """The current configuration as the text of a gin file."""
  lines = [f'{key} = {value!r}' for key, value in sorted(bindings().items())]
  return '\n'.join(lines) + '\n'


def nearest(name: str, known: Iterable[str]) -> str:
  """Ends an error about an unknown name with the nearest valid one."""
  matches = difflib.get_close_matches(name, list(known), 1, 0.5)
  return f'; did you mean {matches[0]!r}?' if matches else ''


def parse_text(source: str) -> None:
  """Sets the configuration to what `text` returned."""
  gin.clear_config()
  gin.parse_config(source)


def _parse_text(source: str, origin: str) -> None:
  _check_names(source, origin)
  try:
    gin.parse_config(source)
  except _GIN_ERRORS as error:
    raise ConfigurationError(f'{origin}: {_explain(error)}') from error


def _check_names(source: str, origin: str) -> None:
  """Finds mistakes that gin passes over in silence."""
  seen = set()
  for match in re.finditer(r'^([\w./]+)\s*=', source, re.MULTILINE):
    if '/' in match[1]:
      raise ConfigurationError(
        f'{origin}: {match[1]!r} has a scope, which has no effect here; '
        f'write {match[1].split("/")[-1]!r}.'
      )
    if match[1] in seen:
      raise ConfigurationError(
        f'{origin}: {match[1]!r} is bound twice; keep one of the lines.'
      )
    seen.add(match[1])


def _explain(error: Exception) -> str:
  """Turns gin's message into one line with the nearest valid name."""
  message = str(error)
  unknown = re.search(r"No configurable matching '([^']*)'", message)
  if unknown:
    hint = nearest(unknown[1], registered())
    return f'unknown function {unknown[1]!r}{hint or _known_functions()}'
  unknown = re.search(
    r"[Cc]onfigurable '([^']*)' doesn't have a parameter named '([^']*)'",
    message,
  )
  if unknown:
    name, parameter = unknown[1].split('.')[-1], unknown[2]
    known = settable(registered()[name])
    hint = nearest(parameter, known) or f'; it has {", ".join(known)}'
    return f'{name} has no parameter {parameter!r}{hint}'
  unread = re.search(r"Failed to parse token '([^']*)'", message)
  if unread:
    return f'cannot read the value {unread[1]!r}; text needs quotes.'
  if isinstance(error, SyntaxError):
    line = (error.text or '').strip()
    return f'not valid gin: {error.msg} in line {error.lineno}: {line}'
  if isinstance(error, tokenize.TokenError):
    return f'not valid gin: {error.args[0]}; a bracket or quote is missing.'
  return ' '.join(message.split())


def _known_functions() -> str:
  return f'; known are {", ".join(sorted(registered()))}'


def _check_types() -> None:
  for key, value in bindings().items():
    name, parameter = key.split('.')
    if parameter not in settable(registered()[name]):
      raise ConfigurationError(
        f'{key} is given by the program and cannot be set; remove it.'
      )
    hint = typing.get_type_hints(registered()[name]).get(parameter)
    if hint is not None and not _fits(value, hint):
      raise ConfigurationError(
        f'{key} = {value!r} has the wrong type; it takes {_describe(hint)}.'
      )


def _fits(value: object, hint: object) -> bool:
  """Whether a value read by gin is of the annotated type."""
  origin, arguments = typing.get_origin(hint), typing.get_args(hint)
  if origin in (typing.Union, types.UnionType):
    return any(_fits(value, argument) for argument in arguments)
  if origin is typing.Literal:
    return value in arguments
  if origin is collections.abc.Mapping:
    return isinstance(value, dict) and all(
      _fits(part, argument)
      for item in value.items()
      for part, argument in zip(item, arguments, strict=True)
    )
  if origin is not None:  # A sequence of something.
    if not isinstance(value, (list, tuple)) or isinstance(value, str):
      return False
    return all(_fits(item, arguments[0]) for item in value)
  if hint is type(None):
    return value is None
  if hint in (int, float) and isinstance(value, bool):
    return False
  if hint is float:
    return isinstance(value, (int, float))
  return not isinstance(hint, type) or isinstance(value, hint)


def _describe(hint: object) -> str:
  if typing.get_origin(hint) is typing.Literal:
    return 'one of ' + ', '.join(map(repr, typing.get_args(hint)))
  origin, arguments = typing.get_origin(hint), typing.get_args(hint)
  if origin in (typing.Union, types.UnionType):
    return ' or '.join(map(_describe, arguments))
  if origin is collections.abc.Mapping:
    return f'a dict of {_describe(arguments[0])} to {_describe(arguments[1])}'
  if origin is not None:
    return f'a list of {_describe(arguments[0])}'
  return 'None' if hint is type(None) else hint.__name__
