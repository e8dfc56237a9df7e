"""Sampled chunks as a tf.data.Dataset, for `model.fit`."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from planet_tf.data.sampler import ChunkSampler


def as_dataset(sampler: ChunkSampler, *, prefetch: int = 2) -> tf.data.Dataset:
  """Returns the batches of a sampler as an infinite dataset.

  Pass `steps_per_epoch` to `fit`. Prefetched batches count as drawn, so the
  position of the sampler is up to `prefetch` batches ahead of training.

  Args:
    sampler: Source of the batches. Do not use it elsewhere at the same time.
    prefetch: Number of batches to prepare ahead.

  Returns:
    Infinite dataset of dicts with static shapes: image uint8
    [B, T, 64, 64, 3], action float32 [B, T, A], reward float32 [B, T].

  Raises:
    EpisodeError: The folder of the sampler is empty or its first file is not
      an episode. Later errors are raised while iterating, as TensorFlow
      errors that include the message.
  """

  def generate() -> Iterator[dict[str, np.ndarray]]:
    while True:
      yield sampler.sample()

  signature = {
    key: tf.TensorSpec(shape, dtype, name=key)
    for key, (shape, dtype) in sampler.element_spec().items()
  }
  dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
  return dataset.prefetch(prefetch)
