import numpy as np
import pytest

from planet_tf.data.chunks import chunk_offsets, steps_needed


def test_chunks_match_original(golden):
  """Compares numbers of chunks, ranges of offsets and errors."""
  cases = golden.json('data.json')['chunks']
  cases = [case for case in cases if case['randomize']]
  assert len(cases) == 21
  rng = np.random.default_rng(0)
  for case in cases:
    steps, length, num = (
      case['length'],
      case['chunk_length'],
      case['num_chunks'],
    )
    assert (steps < steps_needed(length, num)) == bool(case['error']), case
    if case['error']:
      continue
    draws = [chunk_offsets(steps, length, num, rng) for _ in range(3000)]
    first = {offsets[0] for offsets in draws}
    assert {len(offsets) for offsets in draws} == set(case['chunks'])
    assert min(first) == case['offset_min']
    assert max(first) == case['offset_max']
    assert len(first) == case['offsets_seen']


def test_chunks_are_consecutive():
  offsets = chunk_offsets(251, 50, None, np.random.default_rng(0))
  assert np.diff(offsets).tolist() == [50, 50, 50]


def test_offsets_are_uniform():
  rng = np.random.default_rng(0)
  draws = [chunk_offsets(60, 50, 1, rng)[0] for _ in range(11_000)]
  counts = np.bincount(draws, minlength=11)
  # Standard deviation 30.
  assert np.abs(counts - 1000).max() < 120


def test_too_short_episode_raises():
  with pytest.raises(ValueError):
    chunk_offsets(49, 50, 1, np.random.default_rng(0))
