"""Base class of Keras models that minimize an objective."""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, Self

import keras
import tensorflow as tf

from planet_tf.ops.parallel import Batch
from planet_tf.optimization import Metrics, Optimization


class Objective(Protocol):
  """Loss of a model, such as `planet_tf.objectives.Objectives`."""

  def __call__(
    self, model: Any, batch: Batch, seed: tf.Tensor | None
  ) -> tuple[tf.Tensor, Metrics]:
    """Returns the loss of a batch, and metrics by name; all scalars."""

  def metric_names(self, model: Any) -> Collection[str]:
    """Returns the names of the metrics."""


class ObjectiveModel(keras.Model):
  """Keras model that minimizes an objective.

  `update` returns the metrics of its batch. `fit` and `evaluate` report means
  over all batches of an epoch.

  Args:
    num_splits: Parts of the batch whose gradients are computed in parallel.
    jit_compile: Whether XLA compiles the update.
    seed: Seed of the random numbers of training.
  """

  def __init__(
    self, *, num_splits: int, jit_compile: bool, seed: int, **kwargs: Any
  ) -> None:
    super().__init__(**kwargs)
    self.num_splits = num_splits
    self.jit = jit_compile
    self.seed = seed

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor, as JSON values."""
    return {
      **super().get_config(),
      'num_splits': self.num_splits,
      'jit_compile': self.jit,
      'seed': self.seed,
    }

  @classmethod
  def from_config(
    cls,
    config: dict[str, Any],
    custom_objects: Mapping[str, Any] | None = None,
  ) -> Self:
    """Returns a model with fresh weights from the output of `get_config`."""
    return cls(**keras.saving.deserialize_keras_object(config, custom_objects))

  @property
  def frozen_layers(self) -> Sequence[keras.layers.Layer]:
    """Layers that have an optimizer for themselves."""
    return ()

  def targets(self, batch: Batch) -> dict[str, tf.Tensor]:
    """Returns the values in a batch that `call` predicts, by name."""
    raise NotImplementedError

  def compile(
    self,
    optimizer: keras.optimizers.Optimizer,
    objective: Objective,
    clip_norm: float,
    frozen_optimizer: keras.optimizers.Optimizer | None = None,
    **kwargs: Any,
  ) -> None:
    """Prepares training.

    Args:
      optimizer: Optimizer of all variables except those of frozen layers.
      objective: Loss to minimize.
      clip_norm: Maximum global norm of each optimizer's gradients.
      frozen_optimizer: Optimizer of the frozen layers, if there are any.
      **kwargs: Other arguments of `keras.Model.compile`, such as `run_eagerly`.
        `metrics`, a dict, compares the predictions of `call` with `targets`.
        `jit_compile` is that of the model by default.

    Raises:
      ValueError: There are frozen layers and no optimizer for them.
    """
    if self.frozen_layers and frozen_optimizer is None:
      raise ValueError('Frozen layers need a frozen_optimizer; pass one.')
    super().compile(optimizer=optimizer, **{'jit_compile': self.jit, **kwargs})
    self.objective = objective
    self.clip_norm = clip_norm
    self.frozen_optimizer = frozen_optimizer if self.frozen_layers else None
    self.optimization = Optimization(
      functools.partial(objective, self),
      self._variable_groups(),
      clip_norm,
      self.num_splits,
    )
    names = (*objective.metric_names(self), 'gradient_norm')
    self._epoch_means = _EpochMeans(names)
    self._compares_predictions = bool(kwargs.get('metrics'))

  def _variable_groups(
    self,
  ) -> list[tuple[keras.optimizers.Optimizer, list[keras.Variable]]]:
    """Optimizers and their variables, the main one first."""
    frozen = [v for x in self.frozen_layers for v in x.trainable_variables]
    excluded = {id(variable) for variable in frozen}
    main = [v for v in self.trainable_variables if id(v) not in excluded]
    groups = [(self.optimizer, main)]
    if frozen:
      groups.append((self.frozen_optimizer, frozen))
    return groups

  def get_compile_config(self) -> dict[str, Any]:
    """Returns the arguments of `compile`, as JSON values."""
    if not self.compiled:
      return {}
    serialize = keras.saving.serialize_keras_object
    return {
      **super().get_compile_config(),
      'objective': serialize(self.objective),
      'clip_norm': self.clip_norm,
      'frozen_optimizer': serialize(self.frozen_optimizer),
    }

  def compile_from_config(self, config: dict[str, Any]) -> None:
    """Compiles the model with the output of `get_compile_config`."""
    self.compile(**keras.saving.deserialize_keras_object(config))

  @property
  def metrics(self) -> list[keras.metrics.Metric]:
    """Metrics that Keras resets at the start of an epoch."""
    own = self._epoch_means.metrics if self.compiled else []
    return [*super().metrics, *own]

  @property
  def optimizer_variables(self) -> list[keras.Variable]:
    """Variables of all optimizers, for checkpoints."""
    return self.optimization.variables

  def update(self, batch: Batch) -> Metrics:
    """Updates the weights once.

    Args:
      batch: Tensors [B, ..] by name. In a replica of a tf.distribute.Strategy,
        its share of the batch; all shares have one size.

    Returns:
      Scalar metrics of the batch by name. `gradient_norm` is the norm before
      clipping, without the frozen layers.
    """
    return self.optimization.step(batch, self._batch_seed(self.seed))

  def batch_metrics(self, batch: Batch) -> Metrics:
    """Returns the metrics of a batch as `update` does, without an update."""
    # The complement keeps the draws apart from those of training.
    seed = self._batch_seed(~self.seed)
    _, metrics = self.objective(self, batch, seed)
    return metrics

  def train_step(self, batch: Batch) -> Metrics:
    """Updates the weights once, for `fit`; returns means over the epoch."""
    return self._report(batch, self.update(batch))

  def test_step(self, batch: Batch) -> Metrics:
    """Evaluates a batch, for `evaluate`; returns means over all batches."""
    return self._report(batch, self.batch_metrics(batch))

  def _batch_seed(self, seed: int) -> tf.Tensor:
    updates = tf.cast(self.optimizer.iterations, tf.int32)
    return tf.stack([tf.constant(seed, tf.int32), updates])

  def _report(self, batch: Batch, values: Metrics) -> Metrics:
    means = self._epoch_means.update(values)
    if self._compares_predictions:
      found = self.compute_metrics(batch, self.targets(batch), self(batch))
      own = {metric.name for metric in self._epoch_means.metrics}
      means |= {k: x for k, x in found.items() if k not in own}
    return means


class _EpochMeans:
  """Means of scalar metrics since the last reset, by name.

  Keras saves metrics that a model holds in a list or dict together with its
  weights. It does not look into this object.
  """

  def __init__(self, names: Iterable[str]) -> None:
    self.metrics = [keras.metrics.Mean(name=name) for name in names]

  def update(self, values: Metrics) -> Metrics:
    """Adds the values of a batch; returns the means of the same metrics."""
    metrics = [x for x in self.metrics if x.name in values]
    for metric in metrics:
      metric.update_state(values[metric.name])
    return {metric.name: metric.result() for metric in metrics}
