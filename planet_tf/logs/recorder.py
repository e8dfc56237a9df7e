"""Records of a run: metrics.jsonl and TensorBoard.

docs/METRICS.md documents names and units.
"""

import json
import pathlib
import time
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from tensorboard.plugins.image import metadata

from planet_tf.logs import dashboard
from planet_tf.logs.video import encode_gif
from planet_tf.runs.atomic_files import atomic_write
from planet_tf.runs.counters import Counters

FILE = 'metrics.jsonl'
SUPERSEDED = 'metrics.superseded.jsonl'


class Recorder:
  """Writes scalars and pictures of a run.

  Args:
    logdir: The run directory.
  """

  def __init__(self, logdir: pathlib.Path) -> None:
    self._logdir = logdir
    self._writers = {}
    self.records = 0  # Lines of metrics.jsonl that belong to the run.

  def settings(self, settings: Mapping[str, object], operative: str) -> None:
    """Records the settings of the run for TensorBoard.

    Args:
      settings: Settings by name.
      operative: Text of those in use.
    """
    dashboard.write(
      self._writer('test'), str(self._logdir.resolve()), settings, operative
    )

  def scalars(
    self,
    split: str,
    counters: Counters,
    values: Mapping[str, float],
    lists: Mapping[str, Sequence[float]] | None = None,
  ) -> None:
    """Records scalars.

    Args:
      split: `train` or `test`.
      counters: Counters of the run at this moment.
      values: Scalars by name, all finite; what has no value is left out.
      lists: Lists of numbers by name, which TensorBoard does not get.
    """
    values = {name: float(value) for name, value in values.items()}
    line = {
      'time': round(time.time(), 3),
      'split': split,
      **counters.as_dict(),
      **{name: _rounded(value) for name, value in values.items()},
      **{name: list(map(_rounded, x)) for name, x in (lists or {}).items()},
    }
    with (self._logdir / FILE).open('a') as file:
      file.write(json.dumps(line) + '\n')
    self.records += 1
    with self._writer(split).as_default(step=counters.updates):
      for name, value in values.items():
        tf.summary.scalar(name, value)
      for name, value in counters.as_dict().items():
        tf.summary.scalar(f'counters/{name}', value)

  def image(
    self, split: str, counters: Counters, name: str, image: np.ndarray
  ) -> None:
    """Records a picture, uint8 [height, width, 3]."""
    with self._writer(split).as_default(step=counters.updates):
      tf.summary.image(name, image[None])

  def histogram(
    self, split: str, counters: Counters, name: str, values: np.ndarray
  ) -> None:
    """Records the distribution of numbers of any shape."""
    with self._writer(split).as_default(step=counters.updates):
      tf.summary.histogram(name, values)

  def animation(
    self,
    split: str,
    counters: Counters,
    name: str,
    frames: np.ndarray,
    rate: float = 10.0,
  ) -> None:
    """Records an animation, uint8 [T, height, width, 3], as a GIF.

    TensorBoard plays a GIF that is stored in place of an encoded picture.
    """
    height, width = frames.shape[1:3]
    value = tf.constant([str(width), str(height), encode_gif(frames, rate)])
    with self._writer(split).as_default(step=counters.updates):
      tf.summary.write(
        name,
        value,
        metadata=metadata.create_summary_metadata(
          display_name=None, description=''
        ),
      )

  def flush(self) -> None:
    """Makes everything recorded so far visible."""
    for writer in self._writers.values():
      writer.flush()

  def rewind(self, records: int) -> None:
    """Moves away what was recorded after a checkpoint: it will come again.

    Args:
      records: Number of lines at the checkpoint.
    """
    path = self._logdir / FILE
    lines = path.read_text().splitlines(True) if path.exists() else []
    self.records = min(records, len(lines))
    if len(lines) > records:
      with (self._logdir / SUPERSEDED).open('a') as file:
        file.writelines(lines[records:])
      atomic_write(path, ''.join(lines[:records]))

  def _writer(self, split: str) -> tf.summary.SummaryWriter:
    if split not in self._writers:
      self._writers[split] = tf.summary.create_file_writer(
        str(self._logdir / split)
      )
    return self._writers[split]


def read_metrics(logdir: pathlib.Path, split: str | None = None) -> list[dict]:
  """Reads metrics.jsonl.

  Args:
    logdir: The run directory.
    split: Only lines of this split.

  Returns:
    One dict per line; what a crash has cut short or damaged is left out.
  """
  lines = []
  for line in (logdir / FILE).read_text(errors='replace').splitlines():
    try:
      lines.append(json.loads(line))
    except json.JSONDecodeError:
      continue
  lines = [x for x in lines if isinstance(x, dict) and 'split' in x]
  return [x for x in lines if split is None or x['split'] == split]


def _rounded(value: float) -> float:
  return float(f'{value:.7g}')
