"""Splitting of batches, and means of the parts."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.ops.parallel import map_chunks, mean_of_parts, split, split_batch


@pytest.mark.parametrize(
  'size, num_splits, sizes',
  [(10, 2, [5, 5]), (10, 3, [3, 3, 4]), (2, 4, [1, 1]), (5, 1, [5])],
)
def test_sizes_of_splits_differ_by_at_most_one(size, num_splits, sizes):
  values = tf.reshape(tf.range(2 * size), (2, size))
  parts = split(values, num_splits, 1)
  assert [part.shape[1] for part in parts] == sizes
  np.testing.assert_array_equal(tf.concat(parts, 1), values)


def test_split_batches_keep_their_names():
  batch = {'a': np.arange(4), 'b': np.arange(8).reshape(4, 2)}
  one, two = split_batch(batch, 2)
  assert list(one) == ['a', 'b']
  np.testing.assert_array_equal(two['a'], [2, 3])
  np.testing.assert_array_equal(one['b'], [[0, 1], [2, 3]])
  assert split_batch(batch, 1)[0]['a'] is batch['a']


def test_mean_is_weighted_by_the_sizes_of_the_parts():
  results = [{'x': tf.constant(1.0), 'y': None}, {'x': 4.0, 'y': None}]
  assert float(mean_of_parts(results, [2, 1])['x']) == 2.0
  assert mean_of_parts(results, [2, 1])['y'] is None


@pytest.mark.parametrize('rows, size', [(1, 3), (3, 3), (7, 3), (4, 1)])
def test_function_gets_successive_chunks(rows, size):
  @tf.function(input_signature=[tf.TensorSpec((None, 2))])
  def run(values):
    return map_chunks(
      lambda chunk, index: chunk['a'] + tf.cast(index, tf.float32),
      {'a': values},
      size,
    )

  values = np.arange(2.0 * rows, dtype=np.float32).reshape(rows, 2)
  expected = values + (np.arange(rows) // size)[:, None]
  np.testing.assert_array_equal(run(values), expected)
