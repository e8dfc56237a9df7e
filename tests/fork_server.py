"""Runs programs in forks of a process that has loaded TensorFlow once.

Reads requests from standard input, one line of JSON each, and answers each
with the exit code. `tests.commands` talks to it.
"""

import gc
import json
import os
import runpy
import sys

from planet_tf import cli

cli.start_tensorflow()

import planet_tf.exporting.loaded_agent  # noqa: E402
import planet_tf.training.run  # noqa: E402, F401


def main():
  gc.collect()
  gc.freeze()  # Or each child would go through all that was imported.
  for line in sys.stdin:
    child = os.fork()
    if child == 0:
      _run(**json.loads(line))
      return
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)


def _run(program, arguments, folder, environment, stdout, stderr):
  """Becomes what `python -m MODULE` or `python FILE` is in a folder."""
  os.chdir(folder)
  created = os.O_WRONLY | os.O_CREAT | os.O_APPEND
  for number, path, mode in (
    (0, os.devnull, os.O_RDONLY),
    (1, stdout, created),
    (2, stderr, created),
  ):
    file = os.open(path, mode)
    os.dup2(file, number)
    os.close(file)
  os.environ.update(environment)
  sys.argv = [program, *arguments]
  sys.path[:1] = [folder, *environment['PYTHONPATH'].split(os.pathsep)]
  if program.endswith('.py'):
    runpy.run_path(program, run_name='__main__')
  else:
    runpy.run_module(program, run_name='__main__', alter_sys=True)


if __name__ == '__main__':
  main()
