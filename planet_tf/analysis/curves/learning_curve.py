"""Writes the learning curve of a run: CSV, figure, summary, configuration."""

import csv
import io
import pathlib
import shutil
from typing import Any

from planet_tf.analysis.curves.return_figure import draw_returns
from planet_tf.analysis.run import RETURN_COLUMNS, Run
from planet_tf.analysis.summary import summarize
from planet_tf.errors import file_errors
from planet_tf.runs.atomic_files import atomic_write, atomic_write_json

# Training writes operative_config.gin with the first planned episode.
_COPIES = ('config.gin', 'operative_config.gin', 'versions.json')


def write_learning_curve(
  run: Run, output: pathlib.Path
) -> dict[str, dict[str, Any]]:
  """Writes curve.csv, curve.png, summary.json and copies of the configuration.

  Args:
    run: The run, which may still be training.
    output: Folder to write to; created if necessary. It gets one folder for
      each task if the agent learns several.

  Returns:
    Summary by task; see `summarize`.

  Raises:
    RunError: If the run has no episode yet.
    FileError: If the files cannot be written.
  """
  summaries = {task: summarize(run, task) for task in run.tasks}
  for task, summary in summaries.items():
    folder = output / task if len(run.tasks) > 1 else output
    with file_errors('write', folder):
      folder.mkdir(parents=True, exist_ok=True)
      atomic_write(folder / 'curve.csv', returns_csv(run, task))
      atomic_write_json(folder / 'summary.json', summary)
      draw_returns(run.returns(task), summary).savefig(folder / 'curve.png')
      for name in _COPIES:
        if (run.path / name).exists():
          shutil.copyfile(run.path / name, folder / name)
  return summaries


def returns_csv(run: Run, task: str | None = None) -> str:
  """Returns the rows of `Run.returns` as CSV with a header."""
  file = io.StringIO()
  writer = csv.DictWriter(file, RETURN_COLUMNS, lineterminator='\n')
  writer.writeheader()
  writer.writerows(run.returns(task))
  return file.getvalue()
