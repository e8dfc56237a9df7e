"""Starting this package's modules as programs of their own."""

import os
import pathlib
import sys
from collections.abc import Mapping


def module_command(module: str, *arguments: str) -> list[str]:
  """Command line that runs a module with this interpreter.

  The working directory stays off its search path (-P), so that a file there
  cannot stand in for a library; output is not buffered (-u).
  """
  return [sys.executable, '-P', '-u', '-m', module, *arguments]


def module_environment(**variables: str) -> Mapping[str, str]:
  """Environment variables under which the child finds this package."""
  root = pathlib.Path(__file__).parents[2]
  path = [str(root), *filter(None, [os.environ.get('PYTHONPATH')])]
  return {
    **os.environ,
    'PYTHONPATH': os.pathsep.join(path),
    **variables,
  }
