"""Entry points of the installed commands: planet-train, planet-evaluate, ...

Each one does what `python -m planet_tf.train` and so on do. absl looks up flags
and help texts in the main module, so the command is run as that module.
"""

import runpy


def train() -> None:
  """Runs `python -m planet_tf.train`."""
  _run('train')


def evaluate() -> None:
  """Runs `python -m planet_tf.evaluate`."""
  _run('evaluate')


def export() -> None:
  """Runs `python -m planet_tf.export`."""
  _run('export')


def doctor() -> None:
  """Runs `python -m planet_tf.doctor`."""
  _run('doctor')


def _run(command: str) -> None:
  runpy.run_module(f'planet_tf.{command}', run_name='__main__', alter_sys=True)
