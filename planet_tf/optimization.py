"""Optimization: gradients in splits and replicas, clipped and applied."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

import keras
import tensorflow as tf

from planet_tf.ops.parallel import Batch, mean_of_parts, split_batch
from planet_tf.ops.random import split_seed

Metrics = dict[str, tf.Tensor]
Gradients = list[list[tf.Tensor]]
LossFunction = Callable[
  [Mapping[str, tf.Tensor], tf.Tensor | None], tuple[tf.Tensor, Metrics]
]

# Method of Keras optimizers that sums gradients over replicas.
_REDUCE = '_all_reduce_sum_gradients'


@dataclasses.dataclass(frozen=True)
class Optimization:
  """Minimizes a loss over groups of variables with an optimizer each.

  Attributes:
    loss_fn: `loss_fn(batch, seed) -> (loss, metrics)`, all scalars.
    groups: Optimizers and their variables.
    clip_norm: Maximum global norm of each group's gradients.
    num_splits: Parts of the batch whose gradients are computed in parallel.
  """

  loss_fn: LossFunction
  groups: Sequence[tuple[keras.optimizers.Optimizer, list[keras.Variable]]]
  clip_norm: float
  num_splits: int

  def __post_init__(self) -> None:
    # Otherwise the first step creates the slots and is traced twice.
    for optimizer, variables in self.groups:
      optimizer.build(variables)

  @property
  def variables(self) -> list[keras.Variable]:
    """Variables of all optimizers."""
    return [v for optimizer, _ in self.groups for v in optimizer.variables]

  def step(self, batch: Batch, seed: tf.Tensor) -> Metrics:
    """Updates the variables once.

    In a replica of a tf.distribute.Strategy, the batch is the share of the
    replica, and all shares have one size. Metrics and gradients are averaged
    over the replicas before gradients are clipped.

    Args:
      batch: Tensors [B, ..] by name.
      seed: Stateless seed, int32 [2]; replicas and splits derive their own.

    Returns:
      Metrics of the batch, and `gradient_norm`, the global norm of the first
      group's gradients before clipping.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas == 1:
      metrics, gradients = self.gradients(batch, seed)
    else:
      context = tf.distribute.get_replica_context()
      index = context.replica_id_in_sync_group
      seed = tf.stack(split_seed(seed, replicas))[index]
      metrics, gradients = context.all_reduce(
        tf.distribute.ReduceOp.MEAN, self.gradients(batch, seed)
      )
      _skip_reduction(optimizer for optimizer, _ in self.groups)
    return {**metrics, 'gradient_norm': self._apply(gradients)}

  def gradients(
    self, batch: Batch, seed: tf.Tensor | None
  ) -> tuple[Metrics, Gradients]:
    """Computes metrics, and gradients of each group, in splits.

    Args:
      batch: Tensors [B, ..] by name.
      seed: Stateless seed, int32 [2]; None is passed on to the loss.

    Returns:
      Means over the batch.
    """
    parts = split_batch(batch, self.num_splits)
    seeds = [seed] * len(parts)
    if seed is not None and len(parts) > 1:
      seeds = split_seed(seed, len(parts))
    results = [
      self._part_gradients(part, seed)
      for part, seed in zip(parts, seeds, strict=True)
    ]
    return mean_of_parts(results, [part['action'].shape[0] for part in parts])

  def _part_gradients(
    self, batch: Batch, seed: tf.Tensor | None
  ) -> tuple[Metrics, Gradients]:
    with tf.GradientTape() as tape:
      loss, metrics = self.loss_fn(batch, seed)
    variables = [group for _, group in self.groups]
    return metrics, tape.gradient(loss, variables)

  def _apply(self, gradients: Gradients) -> tf.Tensor:
    """Clips and applies gradients; returns the norm of the first group's."""
    norms = []
    for (optimizer, variables), group in zip(
      self.groups, gradients, strict=True
    ):
      norm = tf.linalg.global_norm(group)
      clipped, _ = tf.clip_by_global_norm(group, self.clip_norm, norm)
      optimizer.apply(clipped, variables)
      norms.append(norm)
    return norms[0]


def _skip_reduction(optimizers: Iterable[keras.optimizers.Optimizer]) -> None:
  """Makes optimizers take gradients that replicas have already reduced.

  Keras reduces after clipping, and has no public option to leave it out.
  """
  for optimizer in optimizers:
    if not hasattr(optimizer, _REDUCE):
      raise NotImplementedError(
        f'{type(optimizer).__name__} has no method {_REDUCE}, so gradients '
        'would be reduced twice; install a tested version of Keras.'
      )
    setattr(optimizer, _REDUCE, list)
