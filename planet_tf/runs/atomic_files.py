"""Atomic writes of text files."""

import contextlib
import json
import os
import pathlib
from typing import Any

from planet_tf.errors import file_errors


def atomic_write(path: pathlib.Path, text: str) -> None:
  """Writes a text file so that after a crash it holds the old or new text.

  Raises:
    FileError: If the file cannot be written.
  """
  # The process id keeps the temporary files of two writers apart.
  temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
  with file_errors('write', path):
    try:
      with temporary.open('w', encoding='utf-8') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
      temporary.replace(path)
    except BaseException:
      temporary.unlink(missing_ok=True)
      raise
  _sync_folder(path.parent)


def atomic_write_json(path: pathlib.Path, value: Any) -> None:
  """Writes a value as indented JSON, as `atomic_write` does.

  Raises:
    FileError: If the file cannot be written.
  """
  atomic_write(path, json.dumps(value, indent=2) + '\n')


def _sync_folder(path: pathlib.Path) -> None:
  """Makes a rename in a folder survive a power failure."""
  # Some file systems cannot sync a folder.
  with contextlib.suppress(OSError):
    descriptor = os.open(path, os.O_RDONLY)
    try:
      os.fsync(descriptor)
    finally:
      os.close(descriptor)
