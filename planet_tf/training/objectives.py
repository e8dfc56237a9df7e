"""Objectives of the world model.

Source: paper, section 3, equation 3; original: training/utility.py
(compute_objectives).
"""

import dataclasses
from collections.abc import Mapping

import tensorflow as tf

from planet_tf import distributions
from planet_tf.data.preprocess import preprocess
from planet_tf.world_model import WorldModel


@dataclasses.dataclass(frozen=True)
class Objectives:
  """Image and reward likelihoods and the divergence with free nats.

  Attributes:
    image_scale: Scale of the image's log likelihood.
    reward_scale: Scale of the reward's log likelihood; 10 in the released
      code, 1 in the paper's text.
    divergence_scale: Scale of the divergence.
    free_nats: Divergence in nats per step that costs nothing, or None to
      count all of it.
  """

  image_scale: float
  reward_scale: float
  divergence_scale: float
  free_nats: float | None

  def __post_init__(self) -> None:
    if self.free_nats is not None and self.free_nats < 0:
      raise ValueError(f'free_nats must be at least 0, got {self.free_nats}.')

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
    seeds = (None, None)
    if seed is not None:
      seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    images = preprocess(batch['image'], model.image_bits, seed=seeds[0])
    prior, posterior = model.observe(images, batch['action'], seed=seeds[1])
    losses = self.losses(model, images, batch['reward'], prior, posterior)
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
    images: tf.Tensor,
    rewards: tf.Tensor,
    prior: Mapping[str, tf.Tensor],
    posterior: Mapping[str, tf.Tensor],
  ) -> dict[str, tf.Tensor]:
    """Unscaled losses by name, each [B, T].

    Args:
      model: The world model.
      images: Preprocessed images [B, T, 64, 64, 3].
      rewards: Rewards [B, T].
      prior: Priors, tensors [B, T, ..].
      posterior: Posteriors, tensors [B, T, ..].

    Returns:
      `image` and `reward` (negative log likelihoods) and `divergence` (nats
      above the free ones).
    """
    predicted = model.predict_heads(posterior)
    log_prob = distributions.unit_normal_log_prob
    divergence = distributions.divergence(posterior, prior)
    if self.free_nats is not None:
      divergence = tf.maximum(0.0, divergence - self.free_nats)
    return {
      'image': -log_prob(predicted['image'], images, 3),
      'reward': -log_prob(predicted['reward'], rewards, 0),
      'divergence': divergence,
    }

  def total(self, losses: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Scaled sum of the losses' means over batch and time."""
    return (
      self.image_scale * tf.reduce_mean(losses['image'])
      + self.reward_scale * tf.reduce_mean(losses['reward'])
      + self.divergence_scale * tf.reduce_mean(losses['divergence'])
    )
