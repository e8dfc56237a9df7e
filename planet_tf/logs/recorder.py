"""Records metrics and images of a run in metrics.jsonl and TensorBoard."""

import pathlib
import time
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from tensorboard.plugins.image import metadata

from planet_tf.logs import dashboard
from planet_tf.logs.metrics_file import MetricsFile
from planet_tf.logs.video import encode_gif
from planet_tf.runs.counters import Counters


class Recorder:
  """Records scalars in both formats, images and histograms in TensorBoard.

  Args:
    logdir: The run directory.
  """

  def __init__(self, logdir: pathlib.Path) -> None:
    self._logdir = logdir
    self._file = MetricsFile(logdir)
    self._writers: dict[str, tf.summary.SummaryWriter] = {}

  @property
  def records(self) -> int:
    """Number of recorded lines, to pass to `rewind` after a restart."""
    return self._file.lines

  def settings(self, settings: Mapping[str, object], operative: str) -> None:
    """Records the settings of the run in TensorBoard.

    Args:
      settings: All settings by name.
      operative: Text of the settings that the run uses.
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
      counters: Counters of the run.
      values: Finite scalars by name.
      lists: Lists of numbers by name, for metrics.jsonl only.
    """
    values = {name: float(value) for name, value in values.items()}
    self._file.append(
      {
        'time': round(time.time(), 3),
        'split': split,
        **counters.as_dict(),
        **{name: _rounded(value) for name, value in values.items()},
        **{name: list(map(_rounded, x)) for name, x in (lists or {}).items()},
      }
    )
    with self._writer(split).as_default(step=counters.updates):
      for name, value in values.items():
        tf.summary.scalar(name, value)
      for name, value in counters.as_dict().items():
        tf.summary.scalar(f'counters/{name}', value)

  def image(
    self, split: str, counters: Counters, name: str, image: np.ndarray
  ) -> None:
    """Records an image, uint8 [height, width, 3]."""
    with self._writer(split).as_default(step=counters.updates):
      tf.summary.image(name, image[None])

  def histogram(
    self, split: str, counters: Counters, name: str, values: np.ndarray
  ) -> None:
    """Records a histogram of numbers of any shape."""
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
    """Records an animation, uint8 [T, height, width, 3].

    TensorBoard plays a GIF that is stored in place of a PNG image.
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
    """Flushes TensorBoard's event files."""
    for writer in self._writers.values():
      writer.flush()

  def rewind(self, records: int) -> None:
    """Moves records that are newer than a checkpoint out of metrics.jsonl.

    Args:
      records: Value of `records` at the checkpoint.
    """
    self._file.rewind(records)

  def _writer(self, split: str) -> tf.summary.SummaryWriter:
    if split not in self._writers:
      self._writers[split] = tf.summary.create_file_writer(
        str(self._logdir / split)
      )
    return self._writers[split]


def _rounded(value: float) -> float:
  return float(f'{value:.7g}')
