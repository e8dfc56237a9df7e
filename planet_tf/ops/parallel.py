"""Splits computations into independent parts that run in parallel.

A second thread hardly speeds up matrix products of a few hundred rows. Two
independent halves of the graph, with one thread each, keep two cores busy.
`planet_tf.ops.auto` chooses the number of splits.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

Batch = Mapping[str, tf.Tensor]

# Rows of a matrix product in each split. With many more, the intermediate
# results of one step of a plan do not fit into the cache of a core.
ROWS_PER_SPLIT = 500


def split(tensor: tf.Tensor, num_splits: int, axis: int) -> list[tf.Tensor]:
  """Splits a tensor into parts whose sizes differ by at most one.

  Args:
    tensor: Tensor whose size along the axis is known.
    num_splits: Number of parts; at most the size of the axis.
    axis: Axis to split.
  """
  size = tensor.shape[axis]
  num_splits = min(num_splits, size)
  edges = [size * index // num_splits for index in range(num_splits + 1)]
  return tf.split(tensor, [b - a for a, b in itertools.pairwise(edges)], axis)


def split_batch(batch: Batch, num_splits: int) -> list[dict[str, tf.Tensor]]:
  """Splits tensors [B, ..] by name into smaller batches."""
  if num_splits == 1:
    return [dict(batch)]
  parts = [
    split(tf.convert_to_tensor(x), num_splits, 0) for x in batch.values()
  ]
  return [
    dict(zip(batch, part, strict=True)) for part in zip(*parts, strict=True)
  ]


def map_chunks(
  function: Callable[[Any, tf.Tensor], tf.Tensor], inputs: Any, size: int
) -> tf.Tensor:
  """Applies a function to successive chunks of rows.

  Args:
    function: `function(chunk, index) -> tensor [rows of the chunk, ..]`.
    inputs: Nested tensors [N, ..].
    size: Rows in a chunk; the last one may have fewer.

  Returns:
    The concatenated results [N, ..].
  """
  rows = tf.shape(tf.nest.flatten(inputs)[0])[0]
  count = (rows + size - 1) // size

  def body(
    index: tf.Tensor, results: tf.TensorArray
  ) -> tuple[tf.Tensor, tf.TensorArray]:
    start = index * size
    chunk = tf.nest.map_structure(lambda x: x[start : start + size], inputs)
    return index + 1, results.write(index, function(chunk, index))

  _, results = tf.while_loop(
    lambda index, _: index < count,
    body,
    (0, tf.TensorArray(tf.float32, count, infer_shape=False)),
    parallel_iterations=1,
  )
  return results.concat()


def mean_of_parts(results: Sequence[Any], sizes: Sequence[int]) -> Any:
  """Returns the mean of nested results, weighted by the sizes of the parts.

  Args:
    results: Nested tensors of one structure; None where all have None.
    sizes: Sizes of the parts.
  """
  if len(results) == 1:
    return results[0]
  total = sum(sizes)

  def mean(*tensors: Any) -> tf.Tensor | None:
    if tensors[0] is None:
      return None
    return tf.add_n(
      [x * (size / total) for x, size in zip(tensors, sizes, strict=True)]
    )

  return tf.nest.map_structure(mean, *results)
