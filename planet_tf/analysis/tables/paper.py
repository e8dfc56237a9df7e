"""Writes all tables and figures of groups of runs."""

import pathlib
from collections.abc import Sequence

from planet_tf.analysis.tables import aggregates, efficiency, score_table
from planet_tf.analysis.tables.curve_figure import draw_curves
from planet_tf.analysis.tables.curve_points import (
  curve_records,
  have_averages,
)
from planet_tf.analysis.tables.formats import Table, csv_text
from planet_tf.analysis.tables.group import Group
from planet_tf.analysis.tables.published import read_factors, read_published
from planet_tf.errors import file_errors
from planet_tf.runs.atomic_files import atomic_write


def make_tables(groups: Sequence[Group]) -> dict[str, Table]:
  """Returns the tables table1, aggregates and efficiency by name."""
  published = read_published()
  rows = score_table.make_rows(published, groups)
  return {
    'table1': score_table.make_table(rows, groups),
    'aggregates': aggregates.make_table(groups),
    'efficiency': efficiency.make_table(groups, published, read_factors()),
  }


def write_paper(groups: Sequence[Group], output: pathlib.Path) -> list[str]:
  """Writes the tables, and the curves of groups with several evaluations.

  Args:
    groups: The groups; see `read_groups`.
    output: Folder to write to; created if necessary. Curves of an earlier
      call are removed.

  Returns:
    Notes for the user: which runs were left out, which curves are missing.

  Raises:
    FileError: If the files cannot be written.
  """
  with file_errors('write', output):
    output.mkdir(parents=True, exist_ok=True)
    for name, table in make_tables(groups).items():
      table.write(output, name)
    for suffix in ('png', 'svg', 'csv'):
      (output / f'curves.{suffix}').unlink(missing_ok=True)
    learning = [
      group
      for group in groups
      if any(len(x.evaluations) > 1 for x in group.members)
    ]
    if learning:
      _write_curves(learning, output)
  notes = [f'{group.label}: {note}' for group in groups for note in group.notes]
  several = any(len(group.tasks) > 1 for group in learning)
  if len(learning) > 1 and several and not have_averages(learning):
    notes.append(
      'no averages over tasks are drawn, as the groups differ in their tasks '
      'or have no evaluations after the same number of updates'
    )
  return notes


def _write_curves(groups: Sequence[Group], output: pathlib.Path) -> None:
  figure = draw_curves(groups, read_published())
  for suffix in ('png', 'svg'):
    figure.savefig(output / f'curves.{suffix}', dpi=120, bbox_inches='tight')
  atomic_write(output / 'curves.csv', csv_text(curve_records(groups)))
