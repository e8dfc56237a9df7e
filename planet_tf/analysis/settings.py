"""Settings of runs, by their current names.

`config.gin` is read as data, not by gin: reading a run does not change the
configuration of this process, and works for settings that no longer exist.
"""

import ast
import functools
import pathlib
import re
from typing import Any

from planet_tf.config import gin_files
from planet_tf.config.renamed_settings import RENAMED
from planet_tf.runs.directory import RunError

# Values by name, such as `make_planner.horizon`.
Settings = dict[str, Any]

_BINDING = re.compile(r'([\w./]+)\s*=\s*(.+)')


def read_settings(logdir: pathlib.Path) -> Settings:
  """Returns all settings of a run.

  Args:
    logdir: The run directory.

  Returns:
    Values by current name. Settings that are newer than the run have their
    value in planet.gin.

  Raises:
    RunError: If config.gin has a line that is not a binding.
  """
  path = logdir / 'config.gin'
  settings = default_settings()
  for line in path.read_text().splitlines():
    if not line.strip() or line.startswith('#'):
      continue
    try:
      name, value = _read_binding(line)
    except ValueError as error:
      raise RunError(
        f'{str(path)!r} has a line that is not a binding ({line!r}); restore '
        'it from a copy.'
      ) from error
    settings[current_name(name)] = value
  return settings


def current_name(name: str) -> str:
  """Returns the current name of a setting that may have been renamed."""
  scope, slash, name = name.rpartition('/')
  return scope + slash + RENAMED.get(name, name)


def default_settings() -> Settings:
  """Returns the settings of planet.gin."""
  return dict(_default_settings())


@functools.cache
def _default_settings() -> Settings:
  text = gin_files.text()
  gin_files.parse([])
  settings = gin_files.bindings()
  gin_files.parse_text(text)
  return settings


def _read_binding(line: str) -> tuple[str, Any]:
  """Returns name and value; raises a ValueError if there are none."""
  match = _BINDING.fullmatch(line.strip())
  if not match:
    raise ValueError(line)
  try:
    return match[1], ast.literal_eval(match[2])
  except SyntaxError as error:
    raise ValueError(line) from error
