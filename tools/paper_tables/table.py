"""Table 1 with our rows beside the published ones."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

from tools.origin import describe_origin
from tools.paper_tables.formats import Table
from tools.paper_tables.groups import Group
from tools.paper_tables.published import PublishedRow, published_tasks, source
from tools.paper_tables.runs import Score


class Cell(NamedTuple):
  """A score and what stands behind it; None where nobody says.

  Attributes:
    score: Mean over seeds and episodes.
    episodes: Episodes of training data, the fewest of all runs.
    seeds: Number of runs.
    trajectories: Number of episodes without noise.
    updates: Updates, the fewest of all runs.
  """

  score: float
  episodes: int
  seeds: int | None = None
  trajectories: int | None = None
  updates: int | None = None

  @property
  def basis(self) -> str:
    """What stands behind the score, as text."""
    return (
      f'{self.seeds} seeds, {self.trajectories} trajectories, '
      f'{self.episodes} training episodes, {self.updates} updates'
    )


class Row(NamedTuple):
  """A row of the table.

  Attributes:
    method: Name of the method.
    source: `published` or `measured`.
    input: What it sees.
    cells: Cell by task; tasks without a score are missing.
    origin: What it was computed with; None for published rows.
  """

  method: str
  source: str
  input: str
  cells: dict[str, Cell]
  origin: str | None = None


def make_rows(
  published: Sequence[PublishedRow], groups: Sequence[Group]
) -> list[Row]:
  """The published rows, then one for each group."""
  rows = [
    Row(
      row.method,
      'published',
      row.input,
      {task: Cell(score, row.episodes) for task, score in row.scores.items()},
    )
    for row in published
  ]
  for group in groups:
    cells = {task: _cell(group.tests_of(task)[-1]) for task in group.tasks}
    sessions = [session for run in group.runs for session in run.sessions]
    origin = describe_origin(sessions)
    if precisions := {x: None for run in group.runs for x in run.precisions}:
      origin += f'; products in {" and ".join(precisions)}'
    changed = ', '.join(f'{k} = {x!r}' for k, x in group.changed.items())
    origin += f'; planet.gin with {changed}' if changed else '; planet.gin'
    if group.tasks_of_agent > 1:
      origin += (
        f'; one agent for {group.tasks_of_agent} tasks, and episodes of each'
      )
    if group.imported:
      origin += '; begun with weights of the original'
    rows.append(Row(group.label, 'measured', group.input, cells, origin))
  return rows


def tasks_of(rows: Sequence[Row]) -> list[str]:
  """The tasks of the paper, then all others that were measured."""
  return list(
    dict.fromkeys([*published_tasks(), *(x for row in rows for x in row.cells)])
  )


def make_table(rows: Sequence[Row], groups: Sequence[Group]) -> Table:
  """The rows with what stands behind our cells."""
  tasks = tasks_of(rows)
  cells = [
    [row.method, row.source, row.input]
    + [_text(row.cells.get(task)) for task in tasks]
    for row in rows
  ]
  records = [
    {
      'method': row.method,
      'source': row.source,
      'input': row.input,
      'task': task,
      **cell._asdict(),
    }
    for row in rows
    for task, cell in row.cells.items()
  ]
  header = ['method', 'source', 'input', *tasks]
  notes = [*_basis(rows), *(f'{x.label}: {y}' for x in groups for y in x.notes)]
  return Table(
    header, cells, [*notes, f'published: {source()}'], records, texts=3
  )


def _basis(rows: Sequence[Row]) -> list[str]:
  """What stands behind each of our cells."""
  lines = []
  for row in rows:
    if row.source == 'measured':
      lines += [
        f'{row.method}, {task}: {cell.basis}'
        for task, cell in row.cells.items()
      ]
      lines.append(f'{row.method}: {row.origin}')
  return lines


def mean_of(tests: Sequence[Score]) -> float:
  """Mean over seeds and episodes of tests; each seed weighs the same."""
  return statistics.fmean(statistics.fmean(x.returns) for x in tests)


def _cell(last: Sequence[Score]) -> Cell:
  return Cell(
    score=mean_of(last),
    seeds=len(last),
    trajectories=sum(len(x.returns) for x in last),
    episodes=min(x.episodes for x in last),
    updates=min(x.updates for x in last),
  )


def _text(cell: Cell | None) -> str:
  return '-' if cell is None else f'{cell.score:.0f}'
