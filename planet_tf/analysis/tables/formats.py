"""Tables as Markdown, LaTeX and CSV."""

import csv
import io
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from planet_tf.runs.atomic_files import atomic_write

_LATEX = {
  '\\': r'\textbackslash{}',
  '^': r'\textasciicircum{}',
  '~': r'\textasciitilde{}',
}


class Table(NamedTuple):
  """A table as text, and the numbers behind it.

  Attributes:
    header: Names of the columns.
    rows: Cells as text.
    notes: Explanations below the table, one line each.
    records: Numbers by name, for CSV.
    texts: Number of columns, from the left, that hold text.
  """

  header: Sequence[str]
  rows: Sequence[Sequence[str]]
  notes: Sequence[str]
  records: Sequence[Mapping[str, Any]]
  texts: int = 1

  def markdown(self) -> str:
    """Returns the table as Markdown, with the notes below."""

    def line(cells: Sequence[str]) -> str:
      escaped = (cell.replace('|', r'\|') for cell in cells)
      return '| ' + ' | '.join(escaped) + ' |'

    lines = [line(self.header), '|---' * len(self.header) + '|']
    lines += [line(row) for row in self.rows]
    lines += ['', *(f'- {note}' for note in self.notes)]
    return '\n'.join(lines) + '\n'

  def latex(self) -> str:
    """Returns the table for LaTeX with booktabs; the notes are comments."""

    def line(cells: Sequence[str]) -> str:
      return ' & '.join(map(_escape, cells)) + r' \\'

    numbers = len(self.header) - self.texts
    lines = [
      r'\begin{tabular}{' + 'l' * self.texts + 'r' * numbers + '}',
      r'\toprule',
      line(self.header),
      r'\midrule',
      *map(line, self.rows),
      r'\bottomrule',
      r'\end{tabular}',
      *(f'% {note}' for note in self.notes),
    ]
    return '\n'.join(lines) + '\n'

  def write(self, folder: pathlib.Path, name: str) -> None:
    """Writes `name` with the suffixes .md, .tex and .csv."""
    atomic_write(folder / f'{name}.md', self.markdown())
    atomic_write(folder / f'{name}.tex', self.latex())
    atomic_write(folder / f'{name}.csv', csv_text(self.records))


def csv_text(records: Sequence[Mapping[str, Any]]) -> str:
  """Returns records as CSV; the header has the keys of all records."""
  file = io.StringIO()
  names = dict.fromkeys(name for record in records for name in record)
  writer = csv.DictWriter(file, list(names), lineterminator='\n')
  writer.writeheader()
  writer.writerows(records)
  return file.getvalue()


def _escape(cell: str) -> str:
  return re.sub(r'[_%&#${}\\^~]', lambda x: _LATEX.get(x[0], '\\' + x[0]), cell)
