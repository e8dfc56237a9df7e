"""Reads TensorBoard events, ours and those of the original.

Events of TensorFlow 1 are brought into the form of TensorFlow 2 on the way.
"""

import pathlib
from collections.abc import Iterator
from typing import NamedTuple

import tensorflow as tf
from tensorboard.backend.event_processing.event_file_loader import (
  EventFileLoader,
)


class Value(NamedTuple):
  """One recorded value.

  Attributes:
    tag: Its name.
    step: Its step; the updates in our runs.
    wall_time: Seconds since 1970.
    content: A number, or the bytes of a PNG or GIF.
  """

  tag: str
  step: int
  wall_time: float
  content: float | bytes


def event_folders(folder: pathlib.Path) -> list[pathlib.Path]:
  """Folders with event files, the given one included."""
  files = folder.rglob('events.out.tfevents.*')
  return sorted({file.parent for file in files})


def read_events(folder: pathlib.Path) -> Iterator[Value]:
  """Reads scalars and pictures of the event files of one folder, in order.

  A file that a crash has cut short is read as far as it goes.

  Args:
    folder: A folder of `event_folders`.

  Yields:
    The values; of several pictures under one tag the first.
  """
  plugins = {}  # Of each tag; written with its first value alone.
  for path in sorted(folder.glob('events.out.tfevents.*')):
    for event in EventFileLoader(str(path)).Load():
      for value in event.summary.value:
        name = value.metadata.plugin_data.plugin_name
        kind = plugins.setdefault(value.tag, name)
        content = _content(kind, value)
        if content is not None:
          yield Value(value.tag, event.step, event.wall_time, content)


def _content(kind: str, value: object) -> float | bytes | None:
  if kind == 'scalars':
    return float(tf.make_ndarray(value.tensor).item())
  if kind == 'images':
    _, _, *pictures = value.tensor.string_val  # After width and height.
    return pictures[0] if pictures else None
  return None
