"""Profiles a range of updates for TensorBoard."""

import pathlib
from typing import NamedTuple

import tensorflow as tf


class UpdateRange(NamedTuple):
  """A range of updates, counted from the start of the session.

  Attributes:
    first: First update, counted from 0.
    end: Update after the last one.
  """

  first: int
  end: int

  @classmethod
  def parse(cls, text: str) -> 'UpdateRange':
    """Parses `FIRST:END`.

    Raises:
      ValueError: If the text has another form or the range is empty.
    """
    first, colon, end = text.partition(':')
    if (
      colon and first.isdecimal() and end.isdecimal() and int(first) < int(end)
    ):
      return cls(int(first), int(end))
    raise ValueError(
      f'{text!r} is not of the form FIRST:END with FIRST < END; write for '
      'example 10:20.'
    )


class Profiler:
  """Runs TensorFlow's profiler during a range of updates.

  Args:
    logdir: Folder for the profile.
    updates: Updates to profile; None to profile nothing.
  """

  def __init__(self, logdir: pathlib.Path, updates: UpdateRange | None) -> None:
    self._logdir = logdir
    self._updates = updates
    self._count = 0
    self._running = False

  def before_update(self) -> None:
    """Starts the profiler before the first update of the range."""
    if self._updates and self._count == self._updates.first:
      tf.profiler.experimental.start(str(self._logdir))
      self._running = True
    self._count += 1

  def after_update(self) -> None:
    """Stops the profiler after the last update of the range."""
    if self._updates and self._count == self._updates.end:
      self.stop()

  def stop(self) -> None:
    """Stops the profiler and writes the profile, if it is running."""
    if self._running:
      tf.profiler.experimental.stop()
      self._running = False
