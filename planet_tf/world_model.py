"""World model: encoder, latent dynamics and heads.

Source: paper, sections 2 and 3; original: training/define_model.py.
"""

import contextlib
from collections.abc import Collection, Mapping
from typing import Any

import keras
import tensorflow as tf

from planet_tf.data.preprocess import bin_centers, check_bits, preprocess
from planet_tf.models import LatentDynamics, State
from planet_tf.models.returns import draw_returns, predict_returns
from planet_tf.objective_model import ObjectiveModel
from planet_tf.ops.precision import autocast
from planet_tf.ops.random import normal


@keras.saving.register_keras_serializable(package='planet_tf')
class WorldModel(ObjectiveModel):
  """Learns latent dynamics from images, actions and rewards.

  Args:
    encoder: Layer from images [.., 64, 64, 3] to embeddings [.., E].
    dynamics: Latent dynamics model.
    heads: Layers from features [.., F] to predictions, by name: `image`,
      `reward`, and components of the simulator's state. They have a method
      `log_prob(features, value)`.
    action_size: Size A of one action.
    frozen_heads: Names of heads whose gradients do not reach the latents; they
      have an optimizer for themselves.
    image_bits: Color depth to which images are reduced.
    precision: Type of the products of convolutions, and of all products in
      `score`: `float32` or `bfloat16`.
    num_splits: Parts in which updates and scores are computed in parallel.
    jit_compile: Whether XLA compiles updates and plans.
    seed: Seed of the random numbers of training.
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
    **kwargs: Any,
  ) -> None:
    super().__init__(
      num_splits=num_splits, jit_compile=jit_compile, seed=seed, **kwargs
    )
    check_bits(image_bits)
    self.encoder = encoder
    self.dynamics = dynamics
    self.heads = dict(heads)
    self.frozen_heads = frozenset(frozen_heads)
    self.action_size = action_size
    self.image_bits = image_bits
    self.precision = precision
    self._create_variables()

  def _create_variables(self) -> None:
    embedding = self.encoder(tf.zeros((1, 64, 64, 3)))
    # Keras has already built the layers that it loads from a file.
    if not self.dynamics.built:
      self.dynamics.build((None, self.action_size), embedding.shape)
    for head in self.heads.values():
      if not head.built:
        head.build((None, self.dynamics.feature_size))
    self.built = True

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor, as JSON values."""
    serialize = keras.saving.serialize_keras_object
    return {
      **super().get_config(),
      'encoder': serialize(self.encoder),
      'dynamics': serialize(self.dynamics),
      'heads': {name: serialize(head) for name, head in self.heads.items()},
      'action_size': self.action_size,
      'frozen_heads': sorted(self.frozen_heads),
      'image_bits': self.image_bits,
      'precision': self.precision,
    }

  @property
  def batch_keys(self) -> tuple[str, ...]:
    """Names of the arrays in a batch for training."""
    return ('image', 'action', *(x for x in self.heads if x != 'image'))

  def call(self, batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Reconstructs a batch of raw chunks from its posteriors.

    Args:
      batch: `image` uint8 [B, T, 64, 64, 3] and `action` [B, T, A].

    Returns:
      Predictions of all heads by name, each [B, T, ..].
    """
    images = self.preprocess(batch['image'])
    _, posterior = self.observe(images, batch['action'])
    return self.predict_heads(posterior)

  def preprocess(
    self,
    images: tf.Tensor,
    *,
    seed: tf.Tensor | None = None,
    noise: tf.Tensor | float | None = None,
  ) -> tf.Tensor:
    """Quantizes and dequantizes images.

    Args:
      images: Images of any shape, uint8.
      seed: Stateless seed, int32 [2], of the dequantization noise.
      noise: Dequantization noise in [0, 2**-bits) instead, of the images'
        shape or a number. With neither, the noise is its mean.

    Returns:
      float32 in [-0.5, 0.5), of the images' shape.
    """
    if seed is None and noise is None:
      return bin_centers(images, self.image_bits)
    return preprocess(images, self.image_bits, seed=seed, noise=noise)

  def embed(self, images: tf.Tensor) -> tf.Tensor:
    """Returns embeddings [.., E] of preprocessed images [.., 64, 64, 3]."""
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
    return self.dynamics.observe(self.embed(images), actions, noise, state)

  def observe_step(
    self,
    images: tf.Tensor,
    actions: tf.Tensor,
    state: State,
    *,
    seed: tf.Tensor | None = None,
    noise: tf.Tensor | None = None,
  ) -> State:
    """Filters one image per environment.

    Args:
      images: Preprocessed images [N, 64, 64, 3].
      actions: Actions that led to them [N, A].
      state: Previous state, tensors [N, ..].
      seed: Stateless seed, int32 [2], of the latent samples.
      noise: Standard normal noise [N, S] instead. With neither, samples are
        means.

    Returns:
      Posteriors, tensors [N, ..].
    """
    noise = self._noise((tf.shape(actions)[0],), seed, noise)
    # The posterior's sample replaces the prior's, which needs no noise.
    noise = tf.stack([tf.zeros_like(noise), noise])
    _, posterior = self.dynamics(state, actions, self.embed(images), noise)
    return posterior

  def imagine(
    self,
    state: State,
    actions: tf.Tensor,
    *,
    seed: tf.Tensor | None = None,
    noise: tf.Tensor | None = None,
  ) -> State:
    """Predicts sequences from actions alone.

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
    """Returns the predictions of all heads for states [.., ..], by name."""
    features = self.dynamics.features(state)
    predictions = {}
    for name, head in self.heads.items():
      with self._precision_of(name):
        predictions[name] = head(features)
    return predictions

  def log_probs(
    self, state: State, targets: Mapping[str, tf.Tensor]
  ) -> dict[str, tf.Tensor]:
    """Computes the log likelihoods of observations, by head.

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
      inputs = frozen if name in self.frozen_heads else features
      with self._precision_of(name):
        result[name] = head.log_prob(inputs, targets[name])
    return result

  def score(
    self,
    state: State,
    actions: tf.Tensor,
    *,
    seed: tf.Tensor | None = None,
    noise: tf.Tensor | None = None,
  ) -> tf.Tensor:
    """Predicts the returns of action sequences, for planning.

    A return is the sum of the mean rewards of all steps after the current one.

    Args:
      state: Current state of each environment, tensors [N, ..].
      actions: Candidate action sequences [N, J, H, A].
      seed: Stateless seed, int32 [2], of the latent samples.
      noise: Standard normal noise [H, N * J, S] instead, without splits. With
        neither, samples are means.

    Returns:
      Returns [N, J].
    """
    model = (self.dynamics, self.heads['reward'])
    with autocast(self.precision):
      if seed is None:
        return predict_returns(*model, state, actions, noise)
      return draw_returns(*model, state, actions, seed, self.num_splits)

  def targets(self, batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Returns the values in a batch that the heads predict, by name."""
    images = self.preprocess(batch['image'])
    return {x: images if x == 'image' else batch[x] for x in self.heads}

  @property
  def frozen_layers(self) -> list[keras.layers.Layer]:
    """Frozen heads, by name in alphabetical order."""
    return [self.heads[name] for name in sorted(self.frozen_heads)]

  def _precision_of(self, head: str) -> contextlib.AbstractContextManager[None]:
    """Context of a head's products: only those of images may be bfloat16."""
    return autocast(self.precision if head == 'image' else 'float32')

  def _noise(
    self,
    leading: tuple[int | tf.Tensor, ...],
    seed: tf.Tensor | None,
    noise: tf.Tensor | None,
  ) -> tf.Tensor:
    """Noise of latent samples: as given, drawn, or zeros."""
    if noise is not None:
      return noise
    shape = (*leading, self.dynamics.stochastic_size)
    return tf.zeros(shape) if seed is None else normal(shape, seed)
