"""Data efficiency: how many times fewer episodes our runs need."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from planet_tf.analysis.run import Evaluation
from planet_tf.analysis.tables.formats import Table
from planet_tf.analysis.tables.group import Group
from planet_tf.analysis.tables.published import (
  PublishedFactors,
  PublishedRow,
  published_source,
)
from planet_tf.analysis.tables.score_table import mean_return

# Episodes of PlaNet in the paper. Methods with more are compared with ours.
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
  """How much earlier a group reaches a published score.

  Attributes:
    against: Name of the published method.
    task: Name of the task.
    factor: All episodes of the method divided by `episodes`.
    score: Score to reach.
    episodes: Episodes of training data of the task, the maximum over the runs.
    updates: Updates at which the score is reached.
    seeds: Number of runs.
    trajectories: Number of evaluation episodes.
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
  """Returns how many times fewer episodes a group needs than other methods.

  Args:
    group: The runs.
    published: Rows of table 1. Rows with few episodes are skipped.

  Returns:
    All episodes of a method, divided by those at which the mean of an
    evaluation of our runs first reaches its score. This is an upper bound, as
    the method may have had that score earlier. Scores that are not reached are
    missing, and so are runs that began with weights of the original code,
    which had episodes, too.
  """
  result: list[Factor] = []
  for row in published:
    if row.episodes <= _FEW or group.imported:
      continue
    for task in group.tasks:
      score = row.scores.get(task)
      first = _first_reaching(group.evaluations(task), score)
      if score is None or first is None:
        continue
      if episodes := max(x.episodes for x in first):
        result.append(
          Factor(
            row.method,
            task,
            row.episodes / episodes,
            score,
            episodes,
            first[0].updates,
            len(first),
            sum(len(x.returns) for x in first),
          )
        )
  return result


def make_table(
  groups: Sequence[Group],
  published: Sequence[PublishedRow],
  paper: PublishedFactors,
) -> Table:
  """Returns the factors of all groups, then the published ones."""
  records: list[dict[str, Any]] = [
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
  return Table(_HEADER, rows, _notes(groups, paper), records, texts=4)


def _notes(groups: Sequence[Group], paper: PublishedFactors) -> list[str]:
  notes = [
    'measured: all episodes of a published method, divided by those at which '
    'the mean of an evaluation of our runs first reaches its score; upper '
    'bounds, as the method may have had that score earlier. Scores that are '
    'not reached are missing.',
    f'published, and not comparable with the above: episodes of '
    f'{paper.against} until it has the final score of {paper.method}, divided '
    f'by those of {paper.method}, which takes the learning curves of '
    f'{paper.against}. {published_source()}',
  ]
  notes += [
    f'{group.label}: begun with weights of the original, and so without factors'
    for group in groups
    if group.imported
  ]
  notes += [
    f'{group.label}: one agent for {group.tasks_per_agent} tasks, and episodes '
    'of each'
    for group in groups
    if group.tasks_per_agent > 1
  ]
  return notes


def _first_reaching(
  evaluations: Sequence[Sequence[Evaluation]], score: float | None
) -> Sequence[Evaluation] | None:
  """Returns the first evaluation of the runs whose mean reaches a score."""
  if score is None:
    return None
  return next((x for x in evaluations if mean_return(x) >= score), None)
