"""Reads gin files and checks what they bind.

gin itself accepts values of any type, lets a repeated binding win silently
and reports errors over several lines. Here every mistake ends in one line.
"""

import difflib
import inspect
import pathlib
import re
import tokenize
import typing
from collections.abc import Iterable, Mapping, Sequence

import gin

# Imported for what they register.
from planet_tf.config import factories, model_factories, settings  # noqa: F401
from planet_tf.config.registry import (
  ConfigurationError,
  registered,
  scoped,
  settable,
)
from planet_tf.config.setting_types import describe, fits

BASE = 'planet.gin'
_UNBOUND = object()

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
  scopes = {}
  for name in ([base] if base else []) + list(files):
    path = find_file(name)
    try:
      source = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
      raise ConfigurationError(f'Cannot read {str(path)!r}: {error}') from error
    scopes |= _parse_text(source, str(path))
  for param in params:
    if '=' not in param:
      raise ConfigurationError(
        f'--gin_param={param!r} is not of the form name.parameter=value.'
      )
    scopes |= _parse_text(param, f'--gin_param={param!r}')
  _check_scopes(scopes)
  _check_types()


def bindings() -> dict[str, object]:
  """All bound parameters by name.

  Returns:
    `function.parameter`, or `scope/function.parameter`, and value.
  """
  names = list(registered())
  names += [f'{scope}/{name}' for scope in _scopes() for name in scoped()]
  result = {}
  for name in names:
    function = registered()[name.split('/')[-1]]
    for parameter in inspect.signature(function).parameters:
      key = f'{name}.{parameter}'
      value = _query(key)
      if value is not _UNBOUND:
        result[key] = value
  return result


def text() -> str:
  """The current configuration as the text of a gin file."""
  lines = [f'{key} = {value!r}' for key, value in sorted(bindings().items())]
  return '\n'.join(lines) + '\n'


def operative_text() -> str:
  """The settings that were used so far, as the text of a gin file."""
  return gin.operative_config_str()


def nearest(name: str, known: Iterable[str]) -> str:
  """Ends an error about an unknown name with the nearest valid one."""
  matches = difflib.get_close_matches(name, list(known), 1, 0.5)
  return f'; did you mean {matches[0]!r}?' if matches else ''


def parse_text(source: str) -> None:
  """Sets the configuration to what `text` returned."""
  gin.clear_config()
  gin.parse_config(source)


def _query(key: str) -> object:
  try:
    return gin.query_parameter(key)
  except ValueError:
    return _UNBOUND


def _scopes() -> list[str]:
  """Names of the collections and tests of the run."""
  names = []
  for key in ('train.collections', 'train.evaluations'):
    value = _query(key)
    if isinstance(value, (list, tuple)):
      names += [name for name in value if isinstance(name, str)]
  return sorted(set(names))


def _parse_text(source: str, origin: str) -> dict[str, str]:
  """Parses bindings; returns their scopes, each with a binding that has it."""
  scopes = _check_names(source, origin)
  try:
    gin.parse_config(source)
  except _GIN_ERRORS as error:
    raise ConfigurationError(f'{origin}: {_explain(error)}') from error
  return scopes


def _check_names(source: str, origin: str) -> dict[str, str]:
  """Finds mistakes that gin passes over in silence; returns the scopes."""
  seen, scopes = set(), {}
  for match in re.finditer(r'^([\w./]+)\s*=', source, re.MULTILINE):
    scope, _, name = match[1].rpartition('/')
    if scope and name.split('.')[0] not in scoped():
      raise ConfigurationError(
        f'{origin}: {match[1]!r} has a scope, which has no effect here; '
        f'write {name!r}.'
      )
    if match[1] in seen:
      raise ConfigurationError(
        f'{origin}: {match[1]!r} is bound twice; keep one of the lines.'
      )
    seen.add(match[1])
    if scope:
      scopes[scope] = f'{origin}: {match[1]!r}'
  return scopes


def _check_scopes(scopes: Mapping[str, str]) -> None:
  for scope, binding in scopes.items():
    if scope not in _scopes():
      raise ConfigurationError(
        f'{binding} has no effect: no collection or test is called '
        f'{scope!r}; train.collections and train.evaluations name '
        f'{", ".join(_scopes())}.'
      )


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
    name, parameter = key.split('/')[-1].split('.')
    if parameter not in settable(registered()[name]):
      raise ConfigurationError(
        f'{key} is given by the program and cannot be set; remove it.'
      )
    hint = typing.get_type_hints(registered()[name]).get(parameter)
    if hint is not None and not fits(value, hint):
      raise ConfigurationError(
        f'{key} = {value!r} has the wrong type; it takes {describe(hint)}.'
      )
