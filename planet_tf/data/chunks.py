"""Chunks: consecutive steps of one length, cut out of an episode.

Original: tools/chunk_sequence.py.
"""

import numpy as np


def chunk_offsets(
  steps: int, length: int, num_chunks: int | None, rng: np.random.Generator
) -> list[int]:
  """Cuts consecutive chunks out of an episode at one random offset.

  Args:
    steps: Length of the episode, at least `steps_needed`.
    length: Length of a chunk.
    num_chunks: Number of chunks; None for max(1, steps // length - 1), which
      leaves at least a chunk's length for the offset where it can.
    rng: Generator of the offset, which is uniform over all that fit.

  Returns:
    First step of each chunk.
  """
  if num_chunks is None:
    num_chunks = max(1, steps // length - 1)
  first = int(rng.integers(steps - num_chunks * length + 1))
  return [first + index * length for index in range(num_chunks)]


def steps_needed(length: int, num_chunks: int | None) -> int:
  """Length of the shortest episode from which the chunks can be cut."""
  return length * (num_chunks or 1)
