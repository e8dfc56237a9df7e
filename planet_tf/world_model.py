"""The world model: encoder, latent dynamics and heads.

Source: paper, sections 2 and 3; original: training/define_model.py.
"""

import contextlib
from collections.abc import Collection, Mapping

import keras
import tensorflow as tf

from planet_tf.data.preprocess import bin_centers, check_bits
from planet_tf.models import LatentDynamics
from planet_tf.ops.parallel import mean_of_parts, split_batch
from planet_tf.ops.precision import autocast
from planet_tf.ops.random import normal, split_seed

State = dict[str, tf.Tensor]


class WorldModel(keras.Model):
  """Learns latent dynamics from images, actions and rewards.

  Args:
    encoder: Layer from images [.., 64, 64, 3] to embeddings [.., E].
    dynamics: Latent dynamics model.
    heads: Layers from features [.., F] to predictions, by name: `image`,
      `reward`, and components of the simulator's state. They have a method
      `log_prob(features, value)`.
    action_size: Size A of one action.
    frozen_heads: Names of heads that only read the latents: their gradients
      end there, and they have an optimizer of their own.
    image_bits: Colour depth to which images are reduced.
    precision: Type of the products of the convolutions, and of all products
      while planning: `float32` or `bfloat16`.
    num_splits: Parts in which updates and plans are computed side by side, each
      by one thread.
    jit_compile: Whether XLA compiles updates and plans.
    seed: Seed of every random draw of training.
  """

  def __init__(
    self,
    encoder: keras.layers.Layer,
    dynamics: LatentDynamics,
    heads: Mapping[str, keras.layers.Layer],
    *,
    action_size: int,
    frozen_heads: Collection[str] = (),
    image_bits: int = 5,
    precision: str = 'float32',
    num_splits: int = 1,
    jit_compile: bool = False,
    seed: int = 0,
    **kwargs: object,
  ) -> None:
    super().__init__(**kwargs)
    check_bits(image_bits)
    self.encoder = encoder
    self.dynamics = dynamics
    self.heads = dict(heads)
    self.frozen_heads = frozenset(frozen_heads)
    self.action_size = action_size
    self.image_bits = image_bits
    self.precision = precision
    self.num_splits = num_splits
    self.jit = jit_compile
    self.seed = seed
    self._build_layers()

  def _build_layers(self) -> None:
    """Creates all variables, so that weights can be loaded at once."""
    embedding = self.encoder(tf.zeros((1, 64, 64, 3)))
    self.dynamics.build((None, self.action_size), embedding.shape)
    for head in self.heads.values():
      head.build((None, self.dynamics.feature_size))
    self.built = True

  @property
  def batch_keys(self) -> tuple[str, ...]:
    """Names of what a batch for training must hold."""
    return ('image', 'action', *(x for x in self.heads if x != 'image'))

  def call(self, batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Reconstructs a batch of raw chunks from its filtered latent states.

    Args:
      batch: `image` uint8 [B, T, 64, 64, 3] and `action` [B, T, A].

    Returns:
      Predictions of all heads by name, each [B, T, ..].
    """
    images = bin_centers(batch['image'], self.image_bits)
    _, posterior = self.observe(images, batch['action'])
    return self.predict_heads(posterior)

  def embed(self, images: tf.Tensor) -> tf.Tensor:
    """Embeddings [.., E] of preprocessed images [.., 64, 64, 3]."""
    with autocast(self.precision):
      return self.encoder(images)

  def observe(
    self,
    images: tf.Tensor,
    actions: tf.Tensor,
    *,
    seed: tf.Tensor | None = None,
    noise: tf.Tensor | None = None,
    state: State | None = None,
  ) -> tuple[State, State]:
    """Filters sequences of images.

    Args:
      images: Preprocessed images [B, T, 64, 64, 3].
      actions: Actions that led to them [B, T, A].
      seed: Stateless seed, int32 [2], of the latent samples.
      noise: Standard normal noise [2, B, T, S] of prior and posterior
        instead. With neither, samples are means.
      state: State before the first step, zeros by default.

    Returns:
      Priors and posteriors, tensors [B, T, ..].
    """
    shape = tf.shape(actions)
    noise = self._noise((2, shape[0], shape[1]), seed, noise)
    embedding = self.embed(images)
    return self.dynamics.observe(embedding, actions, noise, state)

  def imagine(
    self,
    state: State,
    actions: tf.Tensor,
    *,
    seed: tf.Tensor | None = None,
    noise: tf.Tensor | None = None,
  ) -> State:
    """Predicts open loop.

    Args:
      state: State before the first action, tensors [B, ..].
      actions: Actions [B, H, A].
      seed: Stateless seed, int32 [2], of the latent samples.
      noise: Standard normal noise [B, H, S] instead. With neither, samples
        are means.

    Returns:
      Priors, tensors [B, H, ..].
    """
    shape = tf.shape(actions)
    noise = self._noise((shape[0], shape[1]), seed, noise)
    return self.dynamics.imagine(actions, noise, state)

  def predict_heads(self, state: State) -> dict[str, tf.Tensor]:
    """What all heads predict from states [.., ..], by name."""
    features = self.dynamics.features(state)
    predictions = {}
    for name, head in self.heads.items():
      with self._precision_of(name):
        predictions[name] = head(features)
    return predictions

  def log_probs(
    self, state: State, targets: Mapping[str, tf.Tensor]
  ) -> dict[str, tf.Tensor]:
    """Log likelihoods of observations, head by head.

    Args:
      state: States, tensors [B, T, ..].
      targets: Observations by the names of the heads, [B, T, ..].

    Returns:
      Log likelihoods by name, each [B, T].
    """
    features = self.dynamics.features(state)
    frozen = tf.stop_gradient(features)
    result = {}
    for name, head in self.heads.items():
      seen = frozen if name in self.frozen_heads else features
      with self._precision_of(name):
        result[name] = head.log_prob(seen, targets[name])
    return result

  def score(
    self, state: State, actions: tf.Tensor, noise: tf.Tensor | None
  ) -> tf.Tensor:
    """Sum of the mean rewards predicted for action sequences.

    The current state's reward is excluded; the prior is sampled once per
    candidate and step. Each candidate starts from its own environment's
    state (the original mixes them up for N > 1).

    Args:
      state: Current state of each environment, tensors [N, ..].
      actions: Candidate action sequences [N, J, H, A].
      noise: Standard normal noise [H, N * J, S], or None for the means.

    Returns:
      Predicted returns [N, J].
    """
    candidates, horizon = actions.shape[1], actions.shape[2]
    state = {
      name: tf.repeat(tensor, candidates, 0) for name, tensor in state.items()
    }
    flat = tf.reshape(actions, (-1, horizon, self.action_size))
    if noise is None:
      size = self.dynamics.stochastic_size
      noise = tf.zeros((horizon, tf.shape(flat)[0], size))
    total = 0.0
    for time in range(horizon):
      state = self.dynamics.transition(state, flat[:, time], noise[time])
      total += self.heads['reward'](self.dynamics.features(state))
    return tf.reshape(total, (-1, candidates))

  def compile(
    self,
    optimizer: keras.optimizers.Optimizer,
    objectives: object,
    clip_norm: float,
    frozen_optimizer: keras.optimizers.Optimizer | None = None,
  ) -> None:
    """Prepares training.

    Args:
      optimizer: Optimizer of all variables but those of frozen heads.
      objectives: `objectives(model, batch, seed) -> (loss, metrics)`, such as
        `planet_tf.objectives.Objectives`.
      clip_norm: Largest global norm of each optimizer's gradients.
      frozen_optimizer: Optimizer of the frozen heads, if there are any.

    Raises:
      ValueError: If there are frozen heads without an optimizer.
    """
    if self.frozen_heads and frozen_optimizer is None:
      raise ValueError('Frozen heads need an optimizer of their own.')
    super().compile(optimizer=optimizer, jit_compile=self.jit)
    self.frozen_optimizer = frozen_optimizer if self.frozen_heads else None
    # Otherwise the first update makes their slots and is traced twice.
    for each, variables in self._optimized():
      each.build(variables)
    self.objectives = objectives
    self.clip_norm = clip_norm

  @property
  def optimizer_variables(self) -> list[keras.Variable]:
    """Variables of all optimizers, for checkpoints."""
    return [v for each, _ in self._optimized() for v in each.variables]

  def train_step(self, batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """One update; what the trainer and `fit` call.

    Args:
      batch: Raw chunks: `image` uint8 [B, T, 64, 64, 3], `action` [B, T, A],
        `reward` [B, T], and what other heads predict. In a replica of a
        tf.distribute.Strategy it is the replica's share, one of equal size.

    Returns:
      Scalar metrics by name; `gradient_norm` is the one before clipping,
      without the frozen heads.
    """
    updates = tf.cast(self.optimizer.iterations, tf.int32)
    seed = tf.stack([tf.constant(self.seed, tf.int32), updates])
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas > 1:
      context = tf.distribute.get_replica_context()
      index = context.replica_id_in_sync_group
      seed = tf.stack(split_seed(seed, replicas))[index]
    metrics, gradients = self._mean_gradients(batch, seed)
    if replicas > 1:
      mean = tf.distribute.ReduceOp.MEAN
      metrics, gradients = context.all_reduce(mean, (metrics, gradients))
    norms = []
    groups = self._optimized()
    for (optimizer, variables), group in zip(groups, gradients, strict=True):
      norm = tf.linalg.global_norm(group)
      clipped, _ = tf.clip_by_global_norm(group, self.clip_norm, norm)
      if replicas > 1:  # Optimizers add up what the replicas give them.
        clipped = [gradient / replicas for gradient in clipped]
      optimizer.apply(clipped, variables)
      norms.append(norm)
    return {**metrics, 'gradient_norm': norms[0]}

  def _mean_gradients(
    self, batch: Mapping[str, tf.Tensor], seed: tf.Tensor | None
  ) -> tuple[dict[str, tf.Tensor], list[list[tf.Tensor]]]:
    """As `_gradients`, in num_splits side by side."""
    parts = split_batch(batch, self.num_splits)
    seeds = [seed] * len(parts)
    if seed is not None and len(parts) > 1:
      seeds = split_seed(seed, len(parts))
    results = [
      self._gradients(part, seed)
      for part, seed in zip(parts, seeds, strict=True)
    ]
    return mean_of_parts(results, [part['action'].shape[0] for part in parts])

  def _gradients(
    self, batch: Mapping[str, tf.Tensor], seed: tf.Tensor | None
  ) -> tuple[dict[str, tf.Tensor], list[list[tf.Tensor]]]:
    """Metrics, and gradients of the variables of each optimizer."""
    with tf.GradientTape() as tape:
      loss, metrics = self.objectives(self, batch, seed)
    variables = [group for _, group in self._optimized()]
    return metrics, tape.gradient(loss, variables)

  def test_step(self, batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Metrics of a batch without an update; shapes as in `train_step`."""
    updates = tf.cast(self.optimizer.iterations, tf.int32)
    # The complement keeps the draws apart from those of training.
    seed = tf.stack([tf.constant(~self.seed, tf.int32), updates])
    _, metrics = self.objectives(self, batch, seed)
    return metrics

  def _optimized(
    self,
  ) -> list[tuple[keras.optimizers.Optimizer, list[keras.Variable]]]:
    """Each optimizer with its variables, the main one first."""
    frozen = [
      variable
      for name in sorted(self.frozen_heads)
      for variable in self.heads[name].trainable_variables
    ]
    apart = {id(variable) for variable in frozen}
    main = [v for v in self.trainable_variables if id(v) not in apart]
    groups = [(self.optimizer, main)]
    if frozen:
      groups.append((self.frozen_optimizer, frozen))
    return groups

  def _precision_of(self, head: str) -> contextlib.AbstractContextManager:
    """The type of a head's products: that of convolutions for images."""
    return autocast(self.precision if head == 'image' else 'float32')

  def _noise(
    self,
    leading: tuple[int | tf.Tensor, ...],
    seed: tf.Tensor | None,
    noise: tf.Tensor | None,
  ) -> tf.Tensor:
    shape = (*leading, self.dynamics.stochastic_size)
    if noise is not None:
      return noise
    if seed is None:
      return tf.zeros(shape)
    return normal(shape, seed)
