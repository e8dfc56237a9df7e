"""JSON files of timings."""

import json
import pathlib
import re
from typing import Any

from planet_tf import cli
from planet_tf.cli import UsageError
from planet_tf.errors import file_errors
from planet_tf.runs.atomic_files import atomic_write_json

Record = dict[str, Any]
Row = dict[str, Any]

FORMAT = 3  # Bump when the keys of the file change.


def read(path: str) -> Record:
  """Reads the file of an earlier benchmark.

  Raises:
    FileError: If the file cannot be read.
    UsageError: If it is something else.
  """
  with file_errors('read', path):
    text = pathlib.Path(path).read_text()
  try:
    record = json.loads(text)
  except ValueError as error:
    raise UsageError(
      f'{path!r} is not JSON ({error}); give a file that --output has written.'
    ) from error
  if isinstance(record, dict) and record.get('format') == 2:
    return _from_format_2(record)
  if not isinstance(record, dict) or record.get('format') != FORMAT:
    raise UsageError(
      f'{path!r} is not a file of this benchmark (format {FORMAT}); measure '
      'again with --output.'
    )
  return record


def write(path: pathlib.Path, record: Record) -> None:
  """Writes a record atomically."""
  atomic_write_json(path, record)


def prepare_output(name: str) -> pathlib.Path:
  """Creates the folder of a file before the work and returns its path.

  Raises:
    FileError: If the folder cannot be created.
    UsageError: If the file cannot be written.
  """
  path = pathlib.Path(name).expanduser()
  with file_errors('write', path.parent):
    path.parent.mkdir(parents=True, exist_ok=True)
  cli.require_writable(str(path))
  return path


def _from_format_2(record: Record) -> Record:
  """Returns a record with the current names; `splits` were `chains`."""
  session = dict(record['session'])
  session['auto_num_splits'] = session.pop('auto_chains')
  rows = []
  for old in record['results']:
    row = {'num_splits' if k == 'chains' else k: x for k, x in old.items()}
    if 'label' in row:
      row['label'] = re.sub(r'(\d+) chain', r'\1 split', row['label'])
    rows.append(row)
  return {**record, 'format': FORMAT, 'session': session, 'results': rows}
