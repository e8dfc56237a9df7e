"""Text files that readers see whole or not at all."""

import json
import pathlib
from typing import Any


def write_whole(path: pathlib.Path, text: str) -> None:
  """Writes a file so that a crash leaves the old one or the new one."""
  temporary = path.with_name(path.name + '.tmp')
  temporary.write_text(text)
  temporary.replace(path)


def write_json(path: pathlib.Path, value: Any) -> None:
  """Writes a value as indented JSON, whole."""
  write_whole(path, json.dumps(value, indent=2) + '\n')
