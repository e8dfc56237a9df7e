"""Content of a report, read from a run directory."""

import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from planet_tf.analysis.events import read_events
from planet_tf.analysis.run import Run, read_run
from planet_tf.analysis.summary import summarize
from planet_tf.errors import UserError

# Tags of images in the order of the page, and their captions.
IMAGES = {
  'episode': 'An episode of the last evaluation, as the agent observed it.',
  'open_loop_long/animation': (
    'Open-loop predictions of episodes: 5 observed frames, then up to 50 '
    'frames predicted from the actions only. Rows: truth, prediction, change '
    'of the prediction, error.'
  ),
  'open_loop_long/strip': 'The first of them over time, from left to right.',
  'open_loop_long/trajectories': (
    'Predictions of small heads for it; gray: observed.'
  ),
  'posterior/animation': 'Reconstructions of the observations.',
}


class ScoresError(UserError):
  """A file that does not hold the scores of an evaluation."""


class Image(NamedTuple):
  """An image of the page.

  Attributes:
    tag: Tag in TensorBoard.
    updates: Updates at which it was recorded.
    data: Bytes of a PNG or GIF.
    caption: What it shows.
  """

  tag: str
  updates: int
  data: bytes
  caption: str


class Content(NamedTuple):
  """Content of a report.

  Attributes:
    name: Name of the run.
    run: The run.
    summaries: Summary of the returns by task.
    images: The last image of each tag.
    scores: Evaluations, as planet_tf.evaluate wrote them.
    texts: Configuration files by name.
  """

  name: str
  run: Run
  summaries: dict[str, dict[str, Any]]
  images: list[Image]
  scores: list[dict[str, Any]]
  texts: dict[str, str]


def read_content(
  logdir: str | os.PathLike[str], scores: Sequence[pathlib.Path] = ()
) -> Content:
  """Reads the content of a report.

  Args:
    logdir: The run directory.
    scores: JSON files of evaluations.

  Returns:
    The content.

  Raises:
    RunError: If the folder is not a run directory, or has no episode yet.
    ScoresError: If a file does not hold scores.
  """
  run = read_run(logdir)
  return Content(
    name=run.path.resolve().name,
    run=run,
    summaries={task: summarize(run, task) for task in run.tasks},
    images=_read_images(run.path / 'test'),
    scores=[_read_scores(path) for path in scores],
    texts={
      name: (run.path / name).read_text()
      for name in ('config.gin', 'operative_config.gin')
      if (run.path / name).is_file()
    },
  )


def _read_images(folder: pathlib.Path) -> list[Image]:
  """Returns the last image of each tag, in the order of `IMAGES`."""
  last: dict[str, Image] = {}
  for value in read_events(folder):
    caption = IMAGES.get(_kind(value.tag))
    if caption and isinstance(value.content, bytes):
      image = Image(value.tag, value.step, value.content, caption)
      last[value.tag] = image
  order = list(IMAGES)
  return sorted(last.values(), key=lambda x: order.index(_kind(x.tag)))


def _kind(tag: str) -> str:
  """Returns the key of `IMAGES`: a run of several tasks has `episode/TASK`."""
  return tag if tag in IMAGES else tag.split('/')[0]


def _read_scores(path: pathlib.Path) -> dict[str, Any]:
  try:
    scores = json.loads(path.read_text())
    for task in scores['tasks'].values():
      task['mean'], task['returns']
  except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
    raise ScoresError(
      f'{str(path)!r} does not hold scores; give a file that python -m '
      'planet_tf.evaluate --output=FILE has written.'
    ) from error
  return scores
