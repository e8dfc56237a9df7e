"""The file metrics.jsonl: one JSON object per line.

docs/METRICS.md documents names and units.
"""

import json
import pathlib
from collections.abc import Mapping

from planet_tf.errors import file_errors
from planet_tf.runs.atomic_files import atomic_write

FILE = 'metrics.jsonl'
SUPERSEDED = 'metrics.superseded.jsonl'


class MetricsFile:
  """Appends lines to metrics.jsonl.

  Args:
    logdir: The run directory.

  Attributes:
    lines: Number of lines that belong to the run.
  """

  def __init__(self, logdir: pathlib.Path) -> None:
    self._path = logdir / FILE
    self._superseded = logdir / SUPERSEDED
    self.lines = 0

  def append(self, values: Mapping[str, object]) -> None:
    """Appends a line."""
    with file_errors('write', self._path), self._path.open('a') as file:
      file.write(json.dumps(values) + '\n')
    self.lines += 1

  def rewind(self, count: int) -> None:
    """Moves all lines after the first `count` to metrics.superseded.jsonl."""
    text = self._path.read_text() if self._path.exists() else ''
    lines = text.splitlines(True)
    self.lines = min(count, len(lines))
    if len(lines) > count:
      with (
        file_errors('write', self._superseded),
        self._superseded.open('a') as file,
      ):
        file.writelines(lines[count:])
      atomic_write(self._path, ''.join(lines[:count]))
