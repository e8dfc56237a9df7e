"""What a report is about, read from a run directory."""

import json
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from planet_tf.cli import UsageError
from planet_tf.logs.metric_names import metric_suffix
from planet_tf.runs.loading import read_task
from tools.curve.rows import read_rows, read_sessions
from tools.curve.summary import summarize
from tools.events import Value, read_events
from tools.plot_runs.figure import Records, read_run

# Tags of pictures, in the order of the page, and what they show.
PICTURES = {
  'episode': 'An episode of the last test, as the agent saw it.',
  'open_loop_long/animation': (
    'Episodes predicted open loop: 5 frames are seen, up to 50 predicted from '
    'the actions alone. Rows: truth, prediction, its change, its error.'
  ),
  'open_loop_long/strip': 'The first of them in time, from left to right.',
  'open_loop_long/trajectories': (
    'What small heads predict for it; grey: seen.'
  ),
  'posterior/animation': 'Reconstructions of what the agent saw.',
}


class Content(NamedTuple):
  """All that goes into a report.

  Attributes:
    name: Name of the run.
    summaries: Results by task; see `tools.curve.summary`.
    records: Records of the run.
    pictures: The last picture of each kind, with what it shows.
    scores: Evaluations, as `planet_tf.evaluate` wrote them.
    texts: Files of the run by name.
    sessions: Versions and hardware of each session.
  """

  name: str
  summaries: dict[str, dict[str, Any]]
  records: Records
  pictures: list[tuple[Value, str]]
  scores: list[dict[str, Any]]
  texts: dict[str, str]
  sessions: list[dict[str, Any]]


def read_content(
  logdir: pathlib.Path, scores: Sequence[pathlib.Path]
) -> Content:
  """Reads a run.

  Args:
    logdir: The run directory.
    scores: JSON files of evaluations.

  Returns:
    The content.

  Raises:
    RunError: The folder holds no run.
    UsageError: It has no episode yet, or a file of scores is something else.
  """
  tasks = list(read_task(logdir)['tasks'])
  summaries = {
    task: summarize(
      logdir, task, read_rows(logdir, 'return' + metric_suffix((task, tasks)))
    )
    for task in tasks
  }
  texts = {
    name: (logdir / name).read_text()
    for name in ('config.gin', 'operative_config.gin')
    if (logdir / name).is_file()
  }
  return Content(
    name=logdir.resolve().name,
    summaries=summaries,
    records=read_run(logdir),
    pictures=_last_pictures(logdir / 'test'),
    scores=[_read_scores(path) for path in scores],
    texts=texts,
    sessions=read_sessions(logdir),
  )


def _last_pictures(folder: pathlib.Path) -> list[tuple[Value, str]]:
  found = {}
  for value in read_events(folder):
    kind = value.tag if value.tag in PICTURES else value.tag.split('/')[0]
    if kind in PICTURES and isinstance(value.content, bytes):
      found[value.tag] = (kind, value)
  return [
    (value, text)
    for kind, text in PICTURES.items()
    for other, value in found.values()
    if other == kind
  ]


def _read_scores(path: pathlib.Path) -> dict[str, Any]:
  try:
    scores = json.loads(path.read_text())
    for task in scores['tasks'].values():
      task['mean'], task['returns']
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise UsageError(
      f'{str(path)!r} does not hold scores; give a file that python -m '
      'planet_tf.evaluate --output=FILE has written.'
    ) from error
  return scores
