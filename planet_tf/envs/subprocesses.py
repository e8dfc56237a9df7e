"""Command lines and environment variables that run modules as programs."""

import os
import pathlib
import sys
from collections.abc import Mapping


def module_command(module: str, *arguments: str) -> list[str]:
  """Returns the command line that runs a module with this interpreter.

  The working directory is not in the search path (-P), so that its files cannot
  shadow libraries. Output is not buffered (-u).
  """
  return [sys.executable, '-P', '-u', '-m', module, *arguments]


def module_environment(**variables: str) -> Mapping[str, str]:
  """Returns environment variables with which a child finds this package."""
  root = pathlib.Path(__file__).parents[2]
  path = [str(root), *filter(None, [os.environ.get('PYTHONPATH')])]
  return {
    **os.environ,
    'PYTHONPATH': os.pathsep.join(path),
    **variables,
  }
