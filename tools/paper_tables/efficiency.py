"""How many times fewer episodes our runs need than published methods."""

from collections.abc import Sequence
from typing import NamedTuple

from tools.paper_tables.formats import Table
from tools.paper_tables.groups import Group
from tools.paper_tables.published import (
  PublishedFactors,
  PublishedRow,
  source,
)
from tools.paper_tables.runs import Score
from tools.paper_tables.table import mean_of

# Episodes of the paper's PlaNet, to which the factors compare the others.
_FEW = 1000

_HEADER = (
  'runs',
  'source',
  'against',
  'task',
  'factor',
  'score to reach',
  'episodes',
  'updates',
  'seeds',
  'trajectories',
)


class Factor(NamedTuple):
  """How much earlier runs reach a published score.

  Attributes:
    against: Name of the published method.
    task: Name of the task.
    factor: All episodes of the method by `episodes`.
    score: Score to reach.
    episodes: Episodes of training data of this task, the most of all runs.
    updates: Updates after which the score is reached.
    seeds: Number of runs.
    trajectories: Episodes of their tests.
  """

  against: str
  task: str
  factor: float
  score: float
  episodes: int
  updates: int
  seeds: int
  trajectories: int


def factors_of(group: Group, published: Sequence[PublishedRow]) -> list[Factor]:
  """How many times fewer episodes a group needs than published methods do.

  Args:
    group: Runs.
    published: Rows of table 1; those with few episodes are left out.

  Returns:
    All episodes of a method, by those after which the mean of a test of our
    runs first reaches the method's score; at most, as the method may have had
    its score earlier. What is not reached is missing, and so are runs that
    began with weights of the original, which had episodes of their own.
  """
  result = []
  for row in published:
    if row.episodes <= _FEW or group.imported:
      continue
    for task in group.tasks:
      score = row.scores.get(task)
      tests = _first_reaching(group.tests_of(task), score)
      if tests and (episodes := max(test.episodes for test in tests)):
        result.append(
          Factor(
            row.method,
            task,
            row.episodes / episodes,
            score,
            episodes,
            tests[0].updates,
            len(tests),
            sum(len(test.returns) for test in tests),
          )
        )
  return result


def make_table(
  groups: Sequence[Group],
  published: Sequence[PublishedRow],
  paper: PublishedFactors,
) -> Table:
  """Factors of all groups, and the published ones."""
  records = [
    {'runs': group.label, 'source': 'measured', **factor._asdict()}
    for group in groups
    for factor in factors_of(group, published)
  ]
  rows = [
    [str(x) if not isinstance(x, float) else f'{x:.0f}' for x in y.values()]
    for y in records
  ]
  for task, factor in paper.factors.items():
    facts = {
      'runs': paper.method,
      'source': 'published',
      'against': paper.against,
      'task': task,
      'factor': factor,
    }
    records.append(facts)
    rows.append([*facts.values(), *['-'] * (len(_HEADER) - len(facts))])
  notes = [
    'measured: episodes that a published method had in all, by those after '
    'which the mean of a test of our runs first reaches its score; upper '
    'bounds, as the method may have had that score earlier. What is not '
    'reached is missing.',
    f'published, and not comparable with the above: episodes of '
    f'{paper.against} until it has the final score of {paper.method}, by those '
    f'of {paper.method}, which takes the learning curves of {paper.against}. '
    f'{source()}',
  ]
  notes += [
    f'{group.label}: begun with weights of the original, and so without factors'
    for group in groups
    if group.imported
  ]
  notes += [
    f'{group.label}: one agent for {group.tasks_of_agent} tasks, and episodes '
    'of each'
    for group in groups
    if group.tasks_of_agent > 1
  ]
  return Table(_HEADER, rows, notes, records, texts=4)


def _first_reaching(
  tests_of_runs: Sequence[Sequence[Score]], score: float | None
) -> Sequence[Score] | None:
  """The first test of the runs whose mean reaches a score."""
  if score is None:
    return None
  return next((x for x in tests_of_runs if mean_of(x) >= score), None)
