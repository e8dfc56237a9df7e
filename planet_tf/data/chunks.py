"""Chunks: consecutive steps of fixed length, cut out of an episode.

Original: tools/chunk_sequence.py.
"""

import numpy as np


def chunk_offsets(
  steps: int, length: int, num_chunks: int | None, rng: np.random.Generator
) -> list[int]:
  """Returns the first step of consecutive chunks that start at random.

  Args:
    steps: Length of the episode, at least `steps_needed`.
    length: Length of a chunk.
    num_chunks: Number of chunks; None for max(1, steps // length - 1), which
      leaves a random offset of at least one chunk length where possible.
    rng: Generator for the first offset, uniform over all offsets that fit.

  Returns:
    First step of each chunk.
  """
  if num_chunks is None:
    num_chunks = max(1, steps // length - 1)
  first = int(rng.integers(steps - num_chunks * length + 1))
  return [first + index * length for index in range(num_chunks)]


def steps_needed(length: int, num_chunks: int | None) -> int:
  """Returns the length of the shortest episode that holds the chunks."""
  return length * (num_chunks or 1)
