"""Runs a tool as users do."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]


def run_tool(name, *arguments, cwd=None):
  """The finished process of `python -m tools.NAME`."""
  return run_module(f'tools.{name}', *arguments, cwd=cwd)


def run_module(name, *arguments, cwd=None):
  """The finished process of `python -m NAME`."""
  return subprocess.run(
    [sys.executable, '-m', name, *map(str, arguments)],
    cwd=cwd,
    env={**os.environ, 'PYTHONPATH': str(ROOT)},
    capture_output=True,
    text=True,
    timeout=300,
  )
