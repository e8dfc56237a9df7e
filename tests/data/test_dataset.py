import numpy as np
import pytest

from planet_tf.data import (
  ChunkSampler,
  EpisodeError,
  as_dataset,
  write_episode,
)


def make(directory, **kwargs):
  return ChunkSampler(directory, batch=3, length=4, interval=8, **kwargs)


@pytest.fixture
def directory(tmp_path):
  for number in range(3):
    steps = np.arange(9, dtype=np.float64)
    write_episode(
      tmp_path,
      {
        'image': np.full((9, 64, 64, 3), number, np.uint8),
        'action': np.zeros((9, 2)),
        'reward': number * 100 + steps,
      },
    )
  return tmp_path


def test_static_shapes_and_dtypes(directory):
  spec = as_dataset(make(directory)).element_spec
  assert {k: (tuple(v.shape), v.dtype.name) for k, v in spec.items()} == {
    'image': ((3, 4, 64, 64, 3), 'uint8'),
    'action': ((3, 4, 2), 'float32'),
    'reward': ((3, 4), 'float32'),
  }


def test_batches_equal_those_of_sampler(directory):
  sampler = make(directory)
  for batch in as_dataset(make(directory)).take(10):
    expected = sampler.sample()
    for key, value in expected.items():
      np.testing.assert_array_equal(batch[key], value)


def test_empty_folder_raises_immediately(tmp_path):
  with pytest.raises(EpisodeError, match='holds no episode files'):
    as_dataset(make(tmp_path))


def test_later_error_keeps_message(directory):
  dataset = as_dataset(make(directory))
  (directory / 'foreign.npz').write_bytes(b'not a zip')
  with pytest.raises(Exception, match='foreign.npz: is damaged'):
    next(iter(dataset))
