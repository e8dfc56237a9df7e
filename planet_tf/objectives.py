"""Loss of the world model: likelihoods of the heads, and divergences.

Source: paper, section 3, equation 3; original: training/utility.py
(compute_objectives).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import keras
import tensorflow as tf

from planet_tf import distributions
from planet_tf.models import State
from planet_tf.models.overshooting import overshoot
from planet_tf.ops.random import normal, split_seed
from planet_tf.world_model import WorldModel


@keras.saving.register_keras_serializable(package='planet_tf')
@dataclasses.dataclass(frozen=True, kw_only=True)
class Objectives:
  """Loss of the world model.

  Global divergence and overshooting are computed only if their scale is not 0.

  Attributes:
    image_scale: Scale of the image's log likelihood.
    reward_scale: Scale of the reward's log likelihood; 10 in the released
      code, 1 in the paper's text.
    head_scales: Scales of other heads by name; 1 by default.
    divergence_scale: Scale of the divergence.
    free_nats: Nats per step by which the divergence is lowered, down to 0; None
      to count all of it.
    global_divergence_scale: Scale of the divergence from a standard normal,
      without free nats.
    overshooting_scale: Scale of the divergence of latent overshooting.
    overshooting_distance: Maximum distance D of latent overshooting, which
      predicts 2 to D steps.
    overshooting_stop_posterior: Whether overshooting trains only the priors.
    overshooting_average: `valid` averages over the predictions inside the
      chunk; `all`, as in the original, counts those beyond its end as 0.
  """

  image_scale: float
  reward_scale: float
  head_scales: Mapping[str, float]
  divergence_scale: float
  free_nats: float | None
  global_divergence_scale: float
  overshooting_scale: float
  overshooting_distance: int
  overshooting_stop_posterior: bool
  overshooting_average: Literal['valid', 'all']

  def __post_init__(self) -> None:
    if self.free_nats is not None and self.free_nats < 0:
      raise ValueError(
        f'free_nats must be at least 0 or None, got {self.free_nats}.'
      )
    for name in ('image', 'reward'):
      if name in self.head_scales:
        raise ValueError(
          f'head_scales cannot name {name!r}; set {name}_scale instead.'
        )
    if self.overshooting_scale and self.overshooting_distance < 2:
      raise ValueError(
        'overshooting_distance must be at least 2 if overshooting_scale is '
        f'not 0, got {self.overshooting_distance}.'
      )

  def get_config(self) -> dict[str, Any]:
    """Returns the attributes by name, as JSON values."""
    return dataclasses.asdict(self)

  @classmethod
  def from_config(cls, config: Mapping[str, Any]) -> 'Objectives':
    """Returns objectives from the output of `get_config`."""
    return cls(**config)

  def metric_names(self, model: WorldModel) -> tuple[str, ...]:
    """Returns the names of the metrics of a batch."""
    losses = [*model.heads, 'divergence']
    if self.global_divergence_scale:
      losses.append('global_divergence')
    if self.overshooting_scale:
      losses.append('overshooting')
    names = (f'{name}_loss' for name in losses)
    return ('loss', *names, 'kl', 'prior_entropy', 'posterior_entropy')

  def __call__(
    self,
    model: WorldModel,
    batch: Mapping[str, tf.Tensor],
    seed: tf.Tensor | None,
  ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Computes the loss of a batch of raw chunks.

    Args:
      model: The world model.
      batch: `image` uint8 [B, T, 64, 64, 3], `action` [B, T, A], `reward`
        [B, T], and the targets of other heads.
      seed: Stateless seed, int32 [2], of dequantization and latent samples;
        None for no dequantization noise and samples that are means.

    Returns:
      Loss and metrics by name, all scalars.
    """
    if seed is None:
      images = model.preprocess(batch['image'], noise=0.0)
      prior, posterior = model.observe(images, batch['action'])
      noise = None
    else:
      seeds = split_seed(seed, 3)
      images = model.preprocess(batch['image'], seed=seeds[0])
      prior, posterior = model.observe(images, batch['action'], seed=seeds[1])
      shape = self._overshooting_shape(model, batch['action'])
      noise = normal(shape, seeds[2]) if self.overshooting_scale else None
    batch = {**batch, 'image': images}
    losses = self.losses(model, batch, prior, posterior, noise)
    loss = self.total(losses)
    metrics = {
      'loss': loss,
      **{f'{k}_loss': tf.reduce_mean(v) for k, v in losses.items()},
      'kl': tf.reduce_mean(distributions.divergence(posterior, prior)),
      'prior_entropy': tf.reduce_mean(distributions.entropy(prior)),
      'posterior_entropy': tf.reduce_mean(distributions.entropy(posterior)),
    }
    return loss, metrics

  def losses(
    self,
    model: WorldModel,
    batch: Mapping[str, tf.Tensor],
    prior: State,
    posterior: State,
    overshooting_noise: tf.Tensor | None = None,
  ) -> dict[str, tf.Tensor]:
    """Computes the unscaled losses.

    Args:
      model: The world model.
      batch: Preprocessed `image` [B, T, 64, 64, 3], `action` [B, T, A],
        `reward` [B, T], and the targets of other heads.
      prior: Priors, tensors [B, T, ..].
      posterior: Posteriors, tensors [B, T, ..].
      overshooting_noise: Standard normal noise [B, T, D, S] of latent
        overshooting, or None for the means.

    Returns:
      By name: negative log likelihoods of the heads, `divergence` (above the
      free nats) and `global_divergence`, each [B, T]; `overshooting`
      [B, T, D - 1].
    """
    log_probs = model.log_probs(posterior, batch)
    losses = {name: -log_prob for name, log_prob in log_probs.items()}
    losses['divergence'] = self._above_free_nats(
      distributions.divergence(posterior, prior)
    )
    if self.global_divergence_scale:
      losses['global_divergence'] = distributions.global_divergence(posterior)
    if self.overshooting_scale:
      losses['overshooting'] = self._overshooting(
        model, batch['action'], posterior, overshooting_noise
      )
    return losses

  def total(self, losses: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Returns the sum of the losses' means, multiplied by their scales."""
    terms = [
      self._scale(name) * tf.reduce_mean(loss) for name, loss in losses.items()
    ]
    return tf.add_n(terms)

  def _scale(self, name: str) -> float:
    return getattr(self, f'{name}_scale', self.head_scales.get(name, 1.0))

  def _above_free_nats(self, divergence: tf.Tensor) -> tf.Tensor:
    if self.free_nats is None:
      return divergence
    return tf.maximum(0.0, divergence - self.free_nats)

  def _overshooting(
    self,
    model: WorldModel,
    actions: tf.Tensor,
    posterior: State,
    noise: tf.Tensor | None,
  ) -> tf.Tensor:
    """Returns divergences at the distances 2 to D, [B, T, D - 1]."""
    if noise is None:
      noise = tf.zeros(self._overshooting_shape(model, actions))
    priors, posteriors, mask = overshoot(
      model.dynamics,
      posterior,
      actions,
      self.overshooting_distance - 1,
      noise,
    )
    # The divergence loss covers the distance of 1.
    priors, posteriors, mask = tf.nest.map_structure(
      lambda x: x[:, :, 1:], (priors, posteriors, mask)
    )
    if self.overshooting_stop_posterior:
      posteriors = tf.nest.map_structure(tf.stop_gradient, posteriors)
    divergence = distributions.divergence(posteriors, priors, mask)
    divergence = self._above_free_nats(divergence)
    if self.overshooting_average == 'valid':
      divergence /= tf.reduce_mean(tf.cast(mask, tf.float32))
    return divergence

  def _overshooting_shape(
    self, model: WorldModel, actions: tf.Tensor
  ) -> tuple[int | tf.Tensor, ...]:
    """Returns the shape [B, T, D, S] of the noise of overshooting."""
    shape = tf.shape(actions)
    size = model.dynamics.stochastic_size
    return shape[0], shape[1], self.overshooting_distance, size
