"""The paper's numbers, which are none of ours."""

import json
import pathlib
from typing import Any, NamedTuple

_FILE = pathlib.Path(__file__).with_name('published.json')


class PublishedRow(NamedTuple):
  """A row of the paper's table 1.

  Attributes:
    method: Name of the method.
    input: What it sees.
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
    against: Name of the other one.
    factors: Factor by task, as it is printed.
  """

  method: str
  against: str
  factors: dict[str, str]


def read_published() -> list[PublishedRow]:
  """Rows of table 1, in its order; `published.json` names the source."""
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
  """The last row of table 1."""
  content = _read()
  row = content['efficiency']
  factors = dict(zip(content['tasks'], row['factors'], strict=True))
  return PublishedFactors(row['method'], row['against'], factors)


def published_tasks() -> list[str]:
  """Tasks of table 1, in its order."""
  return _read()['tasks']


def source() -> str:
  """Where the numbers stand."""
  return _read()['source']


def _read() -> dict[str, Any]:
  return json.loads(_FILE.read_text())
