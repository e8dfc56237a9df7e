"""Runs commands in forks of a process that already imported TensorFlow.

The import takes seconds, and there are many commands to test. Tests of signals
and limits start a separate process instead.
"""

import functools
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]


@functools.cache
def _server():
  # It ends when this process ends, which closes its standard input.
  return subprocess.Popen(
    [sys.executable, '-m', 'tests.fork_server'],
    cwd=ROOT,
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
    start_new_session=True,
  )


def run_program(program, *arguments, cwd=ROOT, timeout=300, **environment):
  """Returns the finished process of `python -m MODULE` or `python FILE`."""
  with tempfile.TemporaryDirectory() as folder:
    outputs = {x: f'{folder}/{x}' for x in ('stdout', 'stderr')}
    request = {
      'program': str(program),
      'arguments': [str(x) for x in arguments],
      'folder': str(cwd),
      'environment': {'PYTHONPATH': str(ROOT), **environment},
      **outputs,
    }
    server = _server()
    print(json.dumps(request), file=server.stdin, flush=True)
    if not select.select([server.stdout], [], [], timeout)[0]:
      os.killpg(server.pid, 9)
      _server.cache_clear()
      raise subprocess.TimeoutExpired(program, timeout)
    code = int(server.stdout.readline())
    texts = {k: pathlib.Path(x).read_text() for k, x in outputs.items()}
    return subprocess.CompletedProcess(request['arguments'], code, **texts)


def run_tool(name, *arguments, **options):
  """Returns the finished process of `python -m tools.NAME`."""
  return run_program(f'tools.{name}', *arguments, **options)
