"""Table 1 with our rows beside the published ones."""

import re
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from tools.origin import describe_origin
from tools.paper_tables.groups import Group
from tools.paper_tables.published import PublishedRow, published_tasks, source
from tools.paper_tables.runs import Score

# Episodes of the paper's PlaNet, to which the factors compare the others.
_FEW = 1000


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
    if group.imported:
      origin += '; begun with weights of the original'
    rows.append(Row(group.label, 'measured', group.input, cells, origin))
  return rows


def tasks_of(rows: Sequence[Row]) -> list[str]:
  """The tasks of the paper, then all others that were measured."""
  return list(
    dict.fromkeys([*published_tasks(), *(x for row in rows for x in row.cells)])
  )


def efficiency(
  group: Group, published: Sequence[PublishedRow]
) -> dict[str, dict[str, float]]:
  """How many times fewer episodes a group needs than published methods do.

  Args:
    group: Runs.
    published: Rows of table 1; those with few episodes are left out.

  Returns:
    Factor by method and task: all episodes of the method, by those after which
    the mean of a test of our runs first reaches the method's score; at most,
    as the method may have had its score earlier. What is not reached is
    missing.
  """
  result: dict[str, dict[str, float]] = {}
  for row in published:
    if row.episodes <= _FEW:
      continue
    for task in group.tasks:
      needed = _episodes_until(group.tests_of(task), row.scores.get(task))
      if needed:
        result.setdefault(row.method, {})[task] = row.episodes / needed
  return result


def markdown(rows: Sequence[Row]) -> str:
  """The table as Markdown, with what stands behind our cells below it."""
  tasks = tasks_of(rows)
  lines = [
    '| ' + ' | '.join(['method', 'source', 'input', *tasks]) + ' |',
    '|---' * (3 + len(tasks)) + '|',
  ]
  for row in rows:
    cells = [_text(row.cells.get(task)) for task in tasks]
    lines.append(
      '| ' + ' | '.join([row.method, row.source, row.input, *cells]) + ' |'
    )
  lines += ['', *(f'- {text}' for text in _basis(rows))]
  return '\n'.join(lines) + '\n'


def latex(rows: Sequence[Row]) -> str:
  """The table for LaTeX, with booktabs, and comments on what is behind it."""
  tasks = tasks_of(rows)

  def line(cells: Sequence[str]) -> str:
    escaped = (re.sub(r'([_%&#$])', r'\\\1', cell) for cell in cells)
    return ' & '.join(escaped) + r' \\'

  return '\n'.join(
    [
      r'\begin{tabular}{lll' + 'r' * len(tasks) + '}',
      r'\toprule',
      line(['method', 'source', 'input', *tasks]),
      r'\midrule',
      *(
        line(
          [
            row.method,
            row.source,
            row.input,
            *(_text(row.cells.get(task)) for task in tasks),
          ]
        )
        for row in rows
      ),
      r'\bottomrule',
      r'\end{tabular}',
      *(f'% {text}' for text in _basis(rows)),
      '',
    ]
  )


def records(rows: Sequence[Row]) -> list[dict[str, object]]:
  """One record for each cell, for CSV."""
  return [
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


def _basis(rows: Sequence[Row]) -> list[str]:
  """What stands behind each of our cells, and where the others are from."""
  lines = []
  for row in rows:
    if row.source == 'measured':
      lines += [
        f'{row.method}, {task}: {cell.basis}'
        for task, cell in row.cells.items()
      ]
      lines.append(f'{row.method}: {row.origin}')
  return [*lines, f'published: {source()}']


def _mean(tests: Sequence[Score]) -> float:
  """Mean over seeds and episodes."""
  return statistics.fmean(statistics.fmean(x.returns) for x in tests)


def _cell(last: Sequence[Score]) -> Cell:
  return Cell(
    score=_mean(last),
    seeds=len(last),
    trajectories=sum(len(x.returns) for x in last),
    episodes=min(x.episodes for x in last),
    updates=min(x.updates for x in last),
  )


def _episodes_until(
  tests_of_runs: Sequence[Sequence[Score]], score: float | None
) -> int | None:
  """Episodes after which the mean of the runs' tests reaches a score."""
  if score is None:
    return None
  for tests in tests_of_runs:
    if _mean(tests) >= score:
      return max(test.episodes for test in tests)
  return None


def _text(cell: Cell | None) -> str:
  return '-' if cell is None else f'{cell.score:.0f}'
