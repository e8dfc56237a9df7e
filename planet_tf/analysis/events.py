"""Reads TensorBoard events, ours and those of the original code.

Events of TensorFlow 1 are converted to the form of TensorFlow 2.
"""

import collections
import csv
import fnmatch
import pathlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import tensorflow as tf
from tensorboard.backend.event_processing.event_file_loader import (
  EventFileLoader,
)

_FILES = 'events.out.tfevents.*'


class EventValue(NamedTuple):
  """A recorded value.

  Attributes:
    tag: Name of the value.
    step: Step; in our runs the number of updates.
    wall_time: Seconds since 1970.
    content: A number, or the bytes of a PNG or GIF.
  """

  tag: str
  step: int
  wall_time: float
  content: float | bytes


def event_folders(folder: pathlib.Path) -> list[pathlib.Path]:
  """Returns the folders with event files at or below a folder."""
  return sorted({file.parent for file in folder.rglob(_FILES)})


def read_events(folder: pathlib.Path) -> Iterator[EventValue]:
  """Reads scalars and images from the event files of one folder, in order.

  A truncated file is read up to the first damaged event.

  Args:
    folder: One of `event_folders`.

  Yields:
    The values. Only the first of several images with one tag is read.
  """
  # Files state the plugin of a tag only with its first value.
  plugins: dict[str, str] = {}
  for path in sorted(folder.glob(_FILES)):
    for event in EventFileLoader(str(path)).Load():
      for value in event.summary.value:
        name = value.metadata.plugin_data.plugin_name
        plugin = plugins.setdefault(value.tag, name)
        content = _content(plugin, value)
        if content is not None:
          yield EventValue(value.tag, event.step, event.wall_time, content)


def export_events(
  folder: pathlib.Path, output: pathlib.Path, tags: str = '*'
) -> int:
  """Copies values of one folder to files: scalars to CSV, images unchanged.

  Args:
    folder: One of `event_folders`.
    output: Folder to write to; created if necessary.
    tags: Glob of the tags to copy.

  Returns:
    The number of files.
  """
  values = collections.defaultdict(list)
  for value in read_events(folder):
    if fnmatch.fnmatch(value.tag, tags):
      values[value.tag].append(value)
  target = output / _file_name(str(folder))
  return sum(
    _write(target / _file_name(tag), found) for tag, found in values.items()
  )


def image_suffix(content: bytes) -> str:
  """Returns `gif` or `png`, the format of an encoded image."""
  return 'gif' if content.startswith(b'GIF') else 'png'


def _content(plugin: str, value: Any) -> float | bytes | None:
  if plugin == 'scalars':
    return float(tf.make_ndarray(value.tensor).item())
  if plugin == 'images':
    _, _, *images = value.tensor.string_val  # After width and height.
    return images[0] if images else None
  return None


def _file_name(text: str) -> str:
  return re.sub(r'[^\w.-]+', '_', text).strip('_')


def _write(path: pathlib.Path, values: list[EventValue]) -> int:
  """Writes the values of one tag; returns the number of files."""
  path.parent.mkdir(parents=True, exist_ok=True)
  images = [x for x in values if isinstance(x.content, bytes)]
  for image in images:
    assert isinstance(image.content, bytes)
    suffix = image_suffix(image.content)
    name = f'{path.name}-{image.step:09d}.{suffix}'
    path.with_name(name).write_bytes(image.content)
  if images:
    return len(images)
  with path.with_name(path.name + '.csv').open('w', newline='') as file:
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow(('wall_time', 'step', 'value'))
    writer.writerows((x.wall_time, x.step, x.content) for x in values)
  return 1
