"""Profiles a few updates of a session for TensorBoard."""

import pathlib
from typing import NamedTuple

import tensorflow as tf


class UpdateRange(NamedTuple):
  """Updates of a session, counted from 0.

  Attributes:
    first: The first one.
    end: The one after the last.
  """

  first: int
  end: int

  @classmethod
  def parse(cls, text: str) -> 'UpdateRange':
    """Reads `FIRST:END`.

    Raises:
      ValueError: The text is something else, or no update is in between.
    """
    first, colon, end = text.partition(':')
    if (
      colon and first.isdecimal() and end.isdecimal() and int(first) < int(end)
    ):
      return cls(int(first), int(end))
    raise ValueError(
      f'{text!r} is not of the form FIRST:END with FIRST < END, such as 10:20.'
    )


class Profiler:
  """Starts and stops TensorFlow's profiler.

  Args:
    logdir: Where the profile is written.
    updates: What to profile; None for nothing.
  """

  def __init__(self, logdir: pathlib.Path, updates: UpdateRange | None) -> None:
    self._logdir = logdir
    self._updates = updates
    self._count = 0
    self._running = False

  def before_update(self) -> None:
    """Called before each update."""
    if self._updates and self._count == self._updates.first:
      tf.profiler.experimental.start(str(self._logdir))
      self._running = True
    self._count += 1

  def after_update(self) -> None:
    """Called after each update."""
    if self._updates and self._count == self._updates.end:
      self.stop()

  def stop(self) -> None:
    """Writes the profile, if one is being taken."""
    if self._running:
      tf.profiler.experimental.stop()
      self._running = False
