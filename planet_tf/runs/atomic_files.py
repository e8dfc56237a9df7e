"""Text files that readers see whole or not at all."""

import json
import pathlib
from typing import Any


def atomic_write(path: pathlib.Path, text: str) -> None:
  """Writes a file so that a crash leaves the old one or the new one."""
  temporary = path.with_name(path.name + '.tmp')
  temporary.write_text(text)
  temporary.replace(path)


def atomic_write_json(path: pathlib.Path, value: Any) -> None:
  """Writes a value as indented JSON, whole."""
  atomic_write(path, json.dumps(value, indent=2) + '\n')
