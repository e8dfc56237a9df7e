"""Runs commands as users type them, but with TensorFlow loaded beforehand.

To import it takes seconds, and there are many commands to be tested. What
depends on a process of its own, such as signals, is tested with one.
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
  # It ends when this process does, and with it its standard input.
  return subprocess.Popen(
    [sys.executable, '-m', 'tests.fork_server'],
    cwd=ROOT,
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
    start_new_session=True,
  )


def run_program(program, *arguments, cwd=ROOT, timeout=300, **environment):
  """The finished process of `python -m MODULE`, or of a file, in a folder."""
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
  """The finished process of `python -m tools.NAME`."""
  return run_program(f'tools.{name}', *arguments, **options)
