"""Reads gin files and checks their bindings.

gin itself accepts values of any type, lets a repeated binding win silently and
reports errors over several lines. Here every mistake is a ConfigurationError
of one line.
"""

import inspect
import pathlib
import re
import typing
from collections.abc import Mapping, Sequence

import gin

# Imported because they register the settings.
from planet_tf.config import factories, model_factories, settings  # noqa: F401
from planet_tf.config.gin_errors import GIN_ERRORS, explain
from planet_tf.config.registry import (
  ConfigurationError,
  registered,
  scoped,
  settable,
)
from planet_tf.config.renamed_settings import RENAMED
from planet_tf.config.setting_types import describe, fits
from planet_tf.errors import did_you_mean

BASE = 'planet.gin'
_UNBOUND = object()
_BINDING = re.compile(r'^([\w./]+)\s*=', re.MULTILINE)


def shipped_files() -> pathlib.Path:
  """Returns the folder of the gin files that come with the package."""
  package = pathlib.Path(__file__).resolve().parents[1]
  inside = package / 'gin_configs'  # In an installed wheel.
  return inside if inside.is_dir() else package.parent / 'gin_configs'


def find_file(name: str) -> pathlib.Path:
  """Finds a gin file in the working directory or among the shipped files.

  Args:
    name: Path, or name such as `tasks/cheetah_run.gin`; a leading
      `gin_configs/` is accepted for shipped files, too.

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
    f'files{did_you_mean(inner, known)}'
  )


def parse(files: Sequence[str] = (), params: Sequence[str] = ()) -> None:
  """Replaces the configuration: planet.gin, then files, then parameters.

  Later bindings win over earlier ones.

  Args:
    files: Names of gin files, as for `find_file`.
    params: Bindings such as `train.seed = 1`.

  Raises:
    ConfigurationError: If a name, type or file is wrong.
  """
  gin.clear_config()
  scopes: dict[str, str] = {}
  for name in (BASE, *files):
    path = find_file(name)
    try:
      source = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
      raise ConfigurationError(f'Cannot read {str(path)!r}: {error}') from error
    scopes |= _parse_source(source, str(path))
  for param in params:
    if '=' not in param:
      raise ConfigurationError(
        f'--gin_param={param!r} is not of the form name.parameter=value.'
      )
    scopes |= _parse_source(param, f'--gin_param={param!r}')
  _check_scopes(scopes)
  _check_types()


def bindings() -> dict[str, object]:
  """Returns all bound parameters.

  Returns:
    Values by `function.parameter` or `scope/function.parameter`.
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
  """Returns the current configuration as the text of a gin file."""
  lines = [f'{key} = {value!r}' for key, value in sorted(bindings().items())]
  return '\n'.join(lines) + '\n'


def operative_text() -> str:
  """Returns the settings used so far as the text of a gin file."""
  return str(gin.operative_config_str())


def parse_text(source: str) -> None:
  """Replaces the configuration with one that `text` returned."""
  gin.clear_config()
  gin.parse_config(source)


def _query(key: str) -> object:
  try:
    return gin.query_parameter(key)
  except ValueError:
    return _UNBOUND


def _scopes() -> list[str]:
  """Returns the names of the run's collections and evaluations."""
  names = set()
  for key in ('train.collections', 'train.evaluations'):
    value = _query(key)
    if isinstance(value, (list, tuple)):
      names |= {name for name in value if isinstance(name, str)}
  return sorted(names)


def _parse_source(source: str, origin: str) -> dict[str, str]:
  """Parses bindings; returns their scopes, each with one of its bindings."""
  scopes = _check_names(source, origin)
  try:
    gin.parse_config(source)
  except GIN_ERRORS as error:
    raise ConfigurationError(f'{origin}: {explain(error)}') from error
  return scopes


def _check_names(source: str, origin: str) -> dict[str, str]:
  """Finds mistakes that gin ignores or cannot explain; returns the scopes."""
  seen: set[str] = set()
  scopes = {}
  for match in _BINDING.finditer(source):
    binding = match[1]
    scope, slash, name = binding.rpartition('/')
    if name in RENAMED:
      raise ConfigurationError(
        f'{origin}: {binding!r} was renamed; write '
        f'{scope + slash + RENAMED[name]!r}.'
      )
    if scope and name.split('.')[0] not in scoped():
      raise ConfigurationError(
        f'{origin}: {binding!r} has a scope, which has no effect here; '
        f'write {name!r}.'
      )
    if binding in seen:
      raise ConfigurationError(
        f'{origin}: {binding!r} is bound twice; keep one of the lines.'
      )
    seen.add(binding)
    if scope:
      scopes[scope] = f'{origin}: {binding!r}'
  return scopes


def _check_scopes(scopes: Mapping[str, str]) -> None:
  for scope, binding in scopes.items():
    if scope not in _scopes():
      raise ConfigurationError(
        f'{binding} has no effect: no collection or evaluation is named '
        f'{scope!r}; train.collections and train.evaluations name '
        f'{", ".join(_scopes())}.'
      )


def _check_types() -> None:
  for key, value in bindings().items():
    name, parameter = key.split('/')[-1].split('.')
    function = registered()[name]
    if parameter not in settable(function):
      raise ConfigurationError(
        f'{key} is set by the program and cannot be configured; remove it.'
      )
    hint = typing.get_type_hints(function).get(parameter)
    if hint is not None and not fits(value, hint):
      raise ConfigurationError(
        f'{key} = {value!r} has the wrong type; it takes {describe(hint)}.'
      )
