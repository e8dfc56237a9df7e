"""Random batches of chunks from a folder of episodes.

The loader draws an episode, one or more chunks are cut out of it at a random
offset, and the chunks are batched in this order. Original:
tools/numpy_episodes.py and tools/chunk_sequence.py. Unlike the original, draws
are seeded, memory is bounded, and the position can be saved and restored.
"""

import dataclasses
import pathlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from typing import Any

import numpy as np

from planet_tf.data import chunks, loaders
from planet_tf.data.cache import cached_reader
from planet_tf.data.episodes import Path
from planet_tf.data.folder import EpisodeFolder

Batch = dict[str, np.ndarray]
_Chunk = tuple[str, int]  # Name of the episode and offset.


@dataclasses.dataclass(frozen=True)
class _Position:
  """State that determines all following batches."""

  rng: Mapping[str, Any]
  cycle: loaders.Cycle = loaders.Cycle()
  # Chunks of the last episode that did not fit into its batch.
  pending: tuple[_Chunk, ...] = ()


class ChunkSampler:
  """Infinite sequence of batches of chunks from the episodes of a folder.

  Attributes:
    batch: Chunks in a batch, B.
    length: Time steps in a chunk, T.
  """

  def __init__(
    self,
    directory: Path,
    *,
    batch: int,
    length: int,
    loader: str = 'recent',
    interval: int = 1000,
    num_chunks: int | None = 1,
    cache_gib: float = 4.0,
    seed: int = 0,
    keys: Sequence[str] = ('image', 'action', 'reward'),
  ) -> None:
    """Checks the settings. The folder is read when the first batch is drawn.

    Args:
      directory: Folder of episode files.
      batch: Chunks in a batch, B.
      length: Time steps in a chunk, T.
      loader: 'recent', 'cache', 'reload' or 'uniform' (see loaders.py).
      interval: Number of episodes drawn between two listings of the folder.
      num_chunks: Consecutive chunks cut out of an episode at one random
        offset; None for one less than fit, but at least one.
      cache_gib: Size of the LRU cache of decoded episodes in GiB. 250
        decisions take 3 MB. It does not change the draws.
      seed: Seed of all draws.
      keys: Arrays of the episodes to put into the batches.

    Raises:
      SamplerError: A setting is out of range.
    """
    loaders.check_loader(loader)
    _check_min('batch', batch, 1)
    _check_min('length', length, 1)
    _check_min('interval', interval, 2)
    _check_min('num_chunks', 1 if num_chunks is None else num_chunks, 1)
    if cache_gib < 0:
      raise loaders.SamplerError(f'cache_gib={cache_gib} must be at least 0')
    self.batch = batch
    self.length = length
    self._loader = loader
    self._interval = interval
    self._num_chunks = num_chunks
    # A saved position is valid only for these settings.
    self._settings = {
      'batch': batch,
      'length': length,
      'loader': loader,
      'interval': interval,
      'num_chunks': num_chunks,
    }
    self._folder = EpisodeFolder(
      pathlib.Path(directory).expanduser(),
      keys,
      chunks.steps_needed(length, num_chunks),
    )
    self._read = cached_reader(self._folder.read, cache_gib * 2**30)
    self._position = _Position(np.random.default_rng(seed).bit_generator.state)
    self._lock = threading.Lock()
    self._iterating = False

  def sample(self) -> Batch:
    """Draws one batch.

    Returns:
      Arrays [B, T, ..] by key: image uint8 [B, T, 64, 64, 3], action float32
      [B, T, A], reward float32 [B, T].

    Raises:
      EpisodeError: The folder is empty, or a file is too short, damaged,
        removed or of another task. The position does not change.
      SamplerError: An iteration over `batches` is not finished.
    """
    with self._lock:
      self._check_not_iterating()
      batch, self._position = self._prepare(self._position)
    return batch

  def batches(self, count: int) -> Iterator[Batch]:
    """Yields exactly `count` batches and prefetches one batch in a thread.

    The batches are those that `sample` returns. The folder is not read after
    the last batch. If iteration stops early, the next call returns the
    prefetched batch.

    Args:
      count: Number of batches.

    Raises:
      EpisodeError: As `sample`, when the batch is due.
      SamplerError: Another iteration is not finished.
    """
    if count < 1:
      return
    with self._lock:
      self._check_not_iterating()
      self._iterating = True
    try:
      with futures.ThreadPoolExecutor(1, 'chunk-sampler') as thread:
        ahead = thread.submit(self._prepare, self._position)
        for left in reversed(range(count)):
          batch, position = ahead.result()
          if left:
            ahead = thread.submit(self._prepare, position)
          self._position = position
          yield batch
    finally:
      self._iterating = False

  def state_dict(self) -> dict[str, Any]:
    """Returns the position after the last returned batch, as JSON values.

    Returns:
      State for `load_state_dict`, about 50 bytes per episode.
    """
    position, cycle = self._position, self._position.cycle
    return {
      'settings': dict(self._settings),
      'rng': position.rng,
      'names': list(cycle.names),
      'order': list(cycle.order[cycle.position :]),
      'pending': [list(chunk) for chunk in position.pending],
    }

  def load_state_dict(self, state: Mapping[str, Any]) -> None:
    """Restores a position, so that the same batches follow.

    Args:
      state: Result of `state_dict`.

    Raises:
      EpisodeError: A file of the saved position is missing, damaged or too
        short.
      SamplerError: The state belongs to a sampler with other settings.
    """
    for key, value in self._settings.items():
      saved = state['settings'].get(key)
      if saved != value:
        raise loaders.SamplerError(
          f'the saved data position has {key}={saved!r}, but this sampler has'
          f' {key}={value!r}; keep {key}={saved!r} or start a new run'
        )
    with self._lock:
      self._check_not_iterating()
      self._folder.inspect(state['names'])
      self._position = _Position(
        dict(state['rng']),
        loaders.Cycle(tuple(state['names']), tuple(state['order'])),
        tuple((name, offset) for name, offset in state['pending']),
      )

  @property
  def needed_steps(self) -> int:
    """Minimum number of time steps of an episode."""
    return chunks.steps_needed(self.length, self._num_chunks)

  @property
  def episode_count(self) -> int:
    """Number of episodes at the last listing; 0 before the first batch."""
    return len(self._position.cycle.names)

  @property
  def step_count(self) -> int:
    """Time steps of these episodes; each has its decisions + 1."""
    return sum(map(self._folder.steps, self._position.cycle.names))

  def element_spec(self) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    """Lists the folder and returns key to (shape, dtype) of a batch.

    Raises:
      EpisodeError: The folder is empty or its first file is not an episode.
    """
    episode = self._read(self._folder.listing()[0])
    return {
      key: ((self.batch, self.length, *array.shape[1:]), array.dtype)
      for key, array in episode.items()
    }

  def _prepare(self, position: _Position) -> tuple[Batch, _Position]:
    """Returns the batch at a position and the position after it."""
    drawn, position = self._draw(position)
    batch: Batch = {}
    for row, (name, offset) in enumerate(drawn):
      for key, array in self._read(name).items():
        chunk = array[offset : offset + self.length]
        if not row:
          batch[key] = np.empty((self.batch, *chunk.shape), chunk.dtype)
        batch[key][row] = chunk
    return batch, position

  def _draw(self, position: _Position) -> tuple[list[_Chunk], _Position]:
    """Draws the chunks of a batch without reading them."""
    rng = np.random.default_rng()
    rng.bit_generator.state = position.rng
    drawn, cycle = list(position.pending), position.cycle
    while len(drawn) < self.batch:
      if cycle.finished:
        listing = self._folder.listing(known=cycle.names)
        cycle = loaders.next_cycle(
          self._loader, cycle, listing, self._interval, rng
        )
      name, cycle = cycle.current, cycle.advance()
      offsets = chunks.chunk_offsets(
        self._folder.steps(name), self.length, self._num_chunks, rng
      )
      drawn += [(name, offset) for offset in offsets]
    pending = tuple(drawn[self.batch :])
    state = rng.bit_generator.state
    return drawn[: self.batch], _Position(state, cycle, pending)

  def _check_not_iterating(self) -> None:
    if self._iterating:
      raise loaders.SamplerError(
        'an iteration over batches() is not finished; finish or close it first'
      )


def _check_min(name: str, value: int, minimum: int) -> None:
  if not isinstance(value, int | np.integer) or value < minimum:
    raise loaders.SamplerError(
      f'{name}={value!r} must be an integer of at least {minimum}'
    )
