"""Reads metrics.jsonl, the records of a run."""

import json
import os
import pathlib
from typing import Any

from planet_tf.logs.metrics_file import FILE

# One line of metrics.jsonl; docs/METRICS.md lists the keys.
Record = dict[str, Any]


def read_metrics(
  logdir: str | os.PathLike[str], split: str | None = None
) -> list[Record]:
  """Returns the records of a run, one dict per line of metrics.jsonl.

  Lines that a crash has truncated or damaged are skipped.

  Args:
    logdir: The run directory.
    split: `train` or `test` for the records of one split; None for all.

  Returns:
    The records in the order in which they were written.

  Raises:
    FileNotFoundError: If there is no metrics.jsonl.
  """
  path = pathlib.Path(logdir).expanduser() / FILE
  records = []
  for line in path.read_text(errors='replace').splitlines():
    try:
      record = json.loads(line)
    except json.JSONDecodeError:
      continue
    if isinstance(record, dict) and {'split', 'time'} <= record.keys():
      records.append(record)
  return [x for x in records if split is None or x['split'] == split]
