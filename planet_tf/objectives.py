"""Objectives of the world model.

Source: paper, section 3, equation 3; original: training/utility.py
(compute_objectives).
"""

import dataclasses
from collections.abc import Mapping
from typing import Literal

import tensorflow as tf

from planet_tf import distributions
from planet_tf.data.preprocess import preprocess
from planet_tf.models import State
from planet_tf.models.overshooting import overshoot
from planet_tf.ops.random import normal, split_seed
from planet_tf.world_model import WorldModel


@dataclasses.dataclass(frozen=True, kw_only=True)
class Objectives:
  """Likelihoods of what the heads predict, and divergences.

  Global divergence and overshooting are computed only if they have a scale.

  Attributes:
    image_scale: Scale of the image's log likelihood.
    reward_scale: Scale of the reward's log likelihood; 10 in the released
      code, 1 in the paper's text.
    head_scales: Scales of other heads by name; 1 if not stated.
    divergence_scale: Scale of the divergence.
    global_divergence_scale: Scale of the divergence from a standard normal,
      to which free nats do not apply.
    overshooting_scale: Scale of the divergence over longer distances.
    overshooting_distance: Distance D of latent overshooting: predictions of 2
      to D steps count.
    overshooting_stop_posterior: Let overshooting train the priors alone.
    overshooting_average: Over the predictions that exist (`valid`), or over
      `all`, those beyond a chunk's end counting zero (as the original has it).
    free_nats: Divergence in nats per step that costs nothing, or None to
      count all of it.
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
      raise ValueError(f'free_nats must be at least 0, got {self.free_nats}.')
    for name in ('image', 'reward'):
      if name in self.head_scales:
        raise ValueError(
          f'head_scales is for other heads; {name!r} has {name}_scale.'
        )
    if self.overshooting_scale and self.overshooting_distance < 2:
      raise ValueError(
        'overshooting_distance must be at least 2 if overshooting_scale is '
        f'not 0, got {self.overshooting_distance}.'
      )

  def __call__(
    self,
    model: WorldModel,
    batch: Mapping[str, tf.Tensor],
    seed: tf.Tensor | None,
  ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Loss of a batch of raw chunks.

    Args:
      model: The world model.
      batch: `image` uint8 [B, T, 64, 64, 3], `action` [B, T, A], `reward`
        [B, T].
      seed: Stateless seed, int32 [2], of dequantisation and latent samples;
        None for no dequantisation noise and samples that are means.

    Returns:
      Total loss (scalar) and scalar metrics by name.
    """
    seeds = (None, None, None)
    if seed is not None:
      seeds = split_seed(seed, 3)
    batch = dict(batch)
    batch['image'] = preprocess(batch['image'], model.image_bits, seed=seeds[0])
    prior, posterior = model.observe(
      batch['image'], batch['action'], seed=seeds[1]
    )
    noise = None
    if self.overshooting_scale and seed is not None:
      shape = self._overshooting_shape(model, batch['action'])
      noise = normal(shape, seeds[2])
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
    """Unscaled losses by name.

    Args:
      model: The world model.
      batch: Preprocessed `image` [B, T, 64, 64, 3], `action` [B, T, A],
        `reward` [B, T], and what other heads predict.
      prior: Priors, tensors [B, T, ..].
      posterior: Posteriors, tensors [B, T, ..].
      overshooting_noise: Standard normal noise [B, T, D, S] of the
        predictions of latent overshooting, or None for the means.

    Returns:
      Negative log likelihoods of the heads, `image` and `reward` among them,
      `divergence` (nats above the free ones) and `global_divergence`, each
      [B, T]; `overshooting` [B, T, D - 1].
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
    """Scaled sum of the losses' means; scales not stated are 1."""
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
    """Divergences at the distances 2 to D, [B, T, D - 1]."""
    if noise is None:
      noise = tf.zeros(self._overshooting_shape(model, actions))
    priors, posteriors, mask = overshoot(
      model.dynamics,
      posterior,
      actions,
      self.overshooting_distance - 1,
      noise,
    )
    # The first distance is that of the usual divergence.
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
    """Shape [B, T, D, S] of the noise of overshooting."""
    shape = tf.shape(actions)
    size = model.dynamics.stochastic_size
    return shape[0], shape[1], self.overshooting_distance, size
