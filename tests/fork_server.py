"""Runs programs in forks of a process that imported TensorFlow once.

Reads one JSON request per line from standard input and writes the exit code of
each program. `tests.commands` is its client.
"""

import gc
import json
import os
import runpy
import sys

from planet_tf import cli

cli.start_tensorflow()

import planet_tf.exporting.run_export  # noqa: E402
import planet_tf.scoring  # noqa: E402
import planet_tf.training.run  # noqa: E402, F401


def main():
  gc.collect()
  gc.freeze()  # Keeps the children's garbage collection off the imports.
  for line in sys.stdin:
    child = os.fork()
    if child == 0:
      _run(**json.loads(line))
      return
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)


def _run(program, arguments, folder, environment, stdout, stderr):
  """Runs what `python -m MODULE` or `python FILE` would run in a folder."""
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
