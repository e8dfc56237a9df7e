"""Numbers that the paper published. None of them was measured here."""

import json
import pathlib
from typing import Any, NamedTuple

_FILE = pathlib.Path(__file__).with_name('published.json')


class PublishedRow(NamedTuple):
  """A row of table 1 of the paper.

  Attributes:
    method: Name of the method.
    input: Observations of the method.
    episodes: Episodes of training data.
    scores: Score by task.
  """

  method: str
  input: str
  episodes: int
  scores: dict[str, float]


class PublishedFactors(NamedTuple):
  """How many times fewer episodes one method needs than another.

  Attributes:
    method: Name of the method.
    against: Name of the method that needs more episodes.
    factors: Factor by task, as it is printed.
  """

  method: str
  against: str
  factors: dict[str, str]


def read_published() -> list[PublishedRow]:
  """Returns the rows of table 1 in order; `published.json` names the source."""
  content = _read()
  return [
    PublishedRow(
      row['method'],
      row['input'],
      row['episodes'],
      dict(zip(content['tasks'], row['scores'], strict=True)),
    )
    for row in content['rows']
  ]


def read_factors() -> PublishedFactors:
  """Returns the last row of table 1, the data efficiency."""
  content = _read()
  row = content['efficiency']
  factors = dict(zip(content['tasks'], row['factors'], strict=True))
  return PublishedFactors(row['method'], row['against'], factors)


def published_tasks() -> list[str]:
  """Returns the tasks of table 1 in order."""
  return _read()['tasks']


def published_source() -> str:
  """Returns the citation of the numbers."""
  return _read()['source']


def _read() -> dict[str, Any]:
  return json.loads(_FILE.read_text())
