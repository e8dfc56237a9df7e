"""Sampled chunks as a tf.data.Dataset, for `model.fit`."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from planet_tf.data.sampler import ChunkSampler


def as_dataset(sampler: ChunkSampler, *, prefetch: int = 2) -> tf.data.Dataset:
  """Wraps a sampler; give `steps_per_epoch` to `fit`, for it never ends.

  Batches that are prefetched but not used count as handed out, so the
  position of the sampler runs ahead of the training by up to `prefetch`.

  Args:
    sampler: Source of the batches; not to be used otherwise meanwhile.
    prefetch: Batches made ahead.

  Returns:
    Endless dataset of dicts with static shapes: image uint8
    [B, T, 64, 64, 3], action float32 [B, T, A], reward float32 [B, T].

  Raises:
    EpisodeError: The folder of the sampler is empty or its first file is no
      episode. Later errors reach the user of the dataset as errors of
      TensorFlow that hold the message.
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
