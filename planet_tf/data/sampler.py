"""Batches of chunks, drawn at random from a folder of episodes.

An episode is drawn by the loader, one or more chunks are cut out of it at a
random offset, and chunks are batched in the order in which they come. Original:
tools/numpy_episodes.py and tools/chunk_sequence.py; unlike there, draws are
seeded, memory is bounded, and the position can be saved and restored exactly.
"""

import dataclasses
import os
import pathlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from typing import Any

import numpy as np

from planet_tf.data import chunks, loaders
from planet_tf.data.cache import EpisodeCache
from planet_tf.data.folder import EpisodeFolder

Batch = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class _Position:
  """All that decides the batches to come; never changed, only replaced."""

  rng: dict[str, Any]
  cycle: loaders.Cycle = loaders.Cycle()
  # Chunks (name, offset) of the last drawn episode that no batch had room for.
  pending: tuple[tuple[str, int], ...] = ()


class ChunkSampler:
  """Endless batches of chunks of the episodes in a folder."""

  def __init__(
    self,
    directory: str | os.PathLike,
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
    """Checks the settings; the folder is first read for the first batch.

    Args:
      directory: Folder of episode files.
      batch: Chunks in a batch, B.
      length: Time steps in a chunk, T.
      loader: 'recent', 'cache', 'reload' or 'uniform' (see loaders.py).
      interval: Episodes drawn between two listings of the folder.
      num_chunks: Consecutive chunks cut out of a drawn episode at one random
        offset; None for as many as fit, less one, but at least one.
      cache_gib: Memory for decoded episodes in GiB; the least recently used
        leave. 250 decisions take 3 MB. Has no influence on draws.
      seed: Seed of all draws.
      keys: Arrays of the episodes that the batches hold.

    Raises:
      SamplerError: A setting is out of range.
    """
    loaders.check_loader(loader)
    _check_least('batch', batch, 1)
    _check_least('length', length, 1)
    _check_least('interval', interval, 2)
    _check_least('num_chunks', 1 if num_chunks is None else num_chunks, 1)
    if cache_gib < 0:
      raise loaders.SamplerError(f'cache_gib={cache_gib} must be at least 0')
    self._batch = batch
    self._length = length
    self._loader = loader
    self._interval = interval
    self._num_chunks = num_chunks
    # What a saved position depends on, beside the files.
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
    self._cache = EpisodeCache(self._folder.read, cache_gib * 2**30)
    self._position = _Position(np.random.default_rng(seed).bit_generator.state)
    self._lock = threading.Lock()
    self._round_open = False

  def sample(self) -> Batch:
    """Draws one batch.

    Returns:
      Arrays [B, T, ..] by key: image uint8 [B, T, 64, 64, 3], action float32
      [B, T, A], reward float32 [B, T].

    Raises:
      EpisodeError: The folder is empty, or a file is too short, damaged,
        foreign or gone. The position stays where it was.
      SamplerError: A round of `batches` is under way.
    """
    with self._lock:
      self._check_no_round()
      batch, self._position = self._prepare(self._position)
    return batch

  def batches(self, count: int) -> Iterator[Batch]:
    """Yields exactly `count` batches, preparing one ahead in a thread.

    Each batch is the one that `sample` would give. The folder is not read
    after the last batch. Whoever stops early gets the batch prepared in vain
    as the next one.

    Args:
      count: Number of batches.

    Raises:
      EpisodeError: As `sample`, when the batch concerned is due.
      SamplerError: Another round is under way.
    """
    if count < 1:
      return
    with self._lock:
      self._check_no_round()
      self._round_open = True
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
      self._round_open = False

  def state_dict(self) -> dict[str, Any]:
    """Position after the last batch handed out, as plain JSON values.

    Returns:
      State for `load_state_dict`; about 50 bytes for each episode.
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
    """Continues with the batches that would have followed the saved ones.

    Args:
      state: A value of `state_dict`.

    Raises:
      EpisodeError: A file that was in use is gone, damaged or too short.
      SamplerError: The state belongs to a sampler with other settings.
    """
    for key, value in self._settings.items():
      saved = state['settings'].get(key)
      if saved != value:
        raise loaders.SamplerError(
          f'the saved data position has {key}={saved!r}, but this sampler has'
          f' {key}={value!r}; keep {key}={saved!r} or start anew'
        )
    with self._lock:
      self._check_no_round()
      self._folder.inspect(state['names'])
      self._position = _Position(
        dict(state['rng']),
        loaders.Cycle(tuple(state['names']), tuple(state['order'])),
        tuple((name, offset) for name, offset in state['pending']),
      )

  @property
  def batch(self) -> int:
    """Chunks B in a batch."""
    return self._batch

  @property
  def length(self) -> int:
    """Time steps in a chunk, T."""
    return self._length

  @property
  def needed_steps(self) -> int:
    """Time steps that an episode must have at least."""
    return chunks.steps_needed(self._length, self._num_chunks)

  @property
  def episode_count(self) -> int:
    """Episodes known at the last listing; 0 before the first batch."""
    return len(self._position.cycle.names)

  @property
  def step_count(self) -> int:
    """Time steps of these episodes: one more each than its decisions."""
    return sum(map(self._folder.steps, self._position.cycle.names))

  def element_spec(self) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    """Shape and dtype of a batch by key; lists the folder.

    Raises:
      EpisodeError: The folder is empty or its first file is no episode.
    """
    episode = self._cache[self._folder.listing()[0]]
    return {
      key: ((self._batch, self._length, *array.shape[1:]), array.dtype)
      for key, array in episode.items()
    }

  def _prepare(self, position: _Position) -> tuple[Batch, _Position]:
    """Makes the batch at a position and returns the position after it."""
    drawn, position = self._plan(position)
    batch = {}
    for row, (name, offset) in enumerate(drawn):
      for key, array in self._cache[name].items():
        chunk = array[offset : offset + self._length]
        if not row:
          batch[key] = np.empty((self._batch, *chunk.shape), chunk.dtype)
        batch[key][row] = chunk
    return batch, position

  def _plan(
    self, position: _Position
  ) -> tuple[list[tuple[str, int]], _Position]:
    """Draws the chunks (name, offset) of a batch without reading them."""
    rng = np.random.default_rng()
    rng.bit_generator.state = position.rng
    drawn, cycle = list(position.pending), position.cycle
    while len(drawn) < self._batch:
      if cycle.finished:
        listing = self._folder.listing(known=cycle.names)
        cycle = loaders.next_cycle(
          self._loader, cycle, listing, self._interval, rng
        )
      name, cycle = cycle.current, cycle.advance()
      offsets = chunks.chunk_offsets(
        self._folder.steps(name), self._length, self._num_chunks, rng
      )
      drawn += [(name, offset) for offset in offsets]
    pending = tuple(drawn[self._batch :])
    state = rng.bit_generator.state
    return drawn[: self._batch], _Position(state, cycle, pending)

  def _check_no_round(self) -> None:
    if self._round_open:
      raise loaders.SamplerError(
        'a round of batches() is under way; finish or close it first'
      )


def _check_least(name: str, value: int, least: int) -> None:
  if not isinstance(value, int | np.integer) or value < least:
    raise loaders.SamplerError(
      f'{name}={value!r} must be an integer of at least {least}'
    )
