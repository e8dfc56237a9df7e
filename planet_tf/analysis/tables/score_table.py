"""Table 1: scores of our groups next to the published ones."""

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from planet_tf.analysis.provenance import describe_sessions
from planet_tf.analysis.run import Evaluation
from planet_tf.analysis.tables.formats import Table
from planet_tf.analysis.tables.group import Group
from planet_tf.analysis.tables.published import (
  PublishedRow,
  published_source,
  published_tasks,
)


class Cell(NamedTuple):
  """A score and its basis; None for what the paper does not state.

  Attributes:
    score: Mean over seeds and episodes.
    episodes: Episodes of training data, the minimum over the runs.
    seeds: Number of runs.
    trajectories: Number of evaluation episodes.
    updates: Updates, the minimum over the runs.
  """

  score: float
  episodes: int
  seeds: int | None = None
  trajectories: int | None = None
  updates: int | None = None

  @property
  def basis(self) -> str:
    """Data behind the score, as text."""
    return (
      f'{self.seeds} seeds, {self.trajectories} trajectories, '
      f'{self.episodes} training episodes, {self.updates} updates'
    )


class Row(NamedTuple):
  """A row of the table.

  Attributes:
    method: Name of the method.
    source: `published` or `measured`.
    input: Observations of the method.
    cells: Cell by task; tasks without a score are missing.
    origin: Versions, hardware and settings; None for published rows.
  """

  method: str
  source: str
  input: str
  cells: dict[str, Cell]
  origin: str | None = None


def make_rows(
  published: Sequence[PublishedRow], groups: Sequence[Group]
) -> list[Row]:
  """Returns the published rows, then one row for each group."""
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
    cells = {
      task: _make_cell(group.evaluations(task)[-1]) for task in group.tasks
    }
    origin = '; '.join(_origin(group))
    rows.append(Row(group.label, 'measured', group.input, cells, origin))
  return rows


def make_table(rows: Sequence[Row], groups: Sequence[Group]) -> Table:
  """Returns the rows as a table with the basis of our cells."""
  measured = (task for row in rows for task in row.cells)
  tasks = list(dict.fromkeys([*published_tasks(), *measured]))
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
  notes.append(f'published: {published_source()}')
  return Table(header, cells, notes, records, texts=3)


def mean_return(evaluations: Sequence[Evaluation]) -> float:
  """Returns the mean over runs of their mean returns."""
  return statistics.fmean(statistics.fmean(x.returns) for x in evaluations)


def _make_cell(evaluations: Sequence[Evaluation]) -> Cell:
  return Cell(
    score=mean_return(evaluations),
    seeds=len(evaluations),
    trajectories=sum(len(x.returns) for x in evaluations),
    episodes=min(x.episodes for x in evaluations),
    updates=min(x.updates for x in evaluations),
  )


def _origin(group: Group) -> Iterable[str]:
  """Yields what readers must know about the runs of a row."""
  yield describe_sessions(y for x in group.members for y in x.sessions)
  if precisions := {x: None for y in group.members for x in y.precisions}:
    yield f'products in {" and ".join(precisions)}'
  changed = ', '.join(f'{k} = {x!r}' for k, x in group.changed.items())
  yield f'planet.gin with {changed}' if changed else 'planet.gin'
  if group.tasks_per_agent > 1:
    yield f'one agent for {group.tasks_per_agent} tasks, and episodes of each'
  if group.imported:
    yield 'begun with weights of the original'


def _basis(rows: Sequence[Row]) -> list[str]:
  lines = []
  for row in rows:
    if row.source == 'measured':
      lines += [
        f'{row.method}, {task}: {cell.basis}'
        for task, cell in row.cells.items()
      ]
      lines.append(f'{row.method}: {row.origin}')
  return lines


def _text(cell: Cell | None) -> str:
  return '-' if cell is None else f'{cell.score:.0f}'
