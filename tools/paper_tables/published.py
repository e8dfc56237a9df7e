"""The paper's numbers, which are none of ours."""

import json
import pathlib
from typing import NamedTuple

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


def read_published() -> list[PublishedRow]:
  """Rows of table 1, in its order; `published.json` names the source."""
  content = json.loads(_FILE.read_text())
  return [
    PublishedRow(
      row['method'],
      row['input'],
      row['episodes'],
      dict(zip(content['tasks'], row['scores'], strict=True)),
    )
    for row in content['rows']
  ]


def published_tasks() -> list[str]:
  """Tasks of table 1, in its order."""
  return json.loads(_FILE.read_text())['tasks']


def source() -> str:
  """Where the numbers stand."""
  return json.loads(_FILE.read_text())['source']
