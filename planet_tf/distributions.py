"""Distributions and divergences, the one module that uses TFP.

Layers return the parameters of distributions as tensors, since Keras layers
cannot return distribution objects; the functions here make the distributions.
"""

from collections.abc import Mapping

import tensorflow as tf
from tensorflow_probability import distributions as tfd

State = Mapping[str, tf.Tensor]


def latent(state: State) -> tfd.Distribution:
  """Diagonal Gaussian over the stochastic part of a latent state.

  Args:
    state: Latent state with `mean` and `stddev`, each [.., S].

  Returns:
    Distribution with batch shape [..] and event shape [S].
  """
  return tfd.Independent(tfd.Normal(state['mean'], state['stddev']), 1)


def divergence(
  posterior: State, prior: State, mask: tf.Tensor | None = None
) -> tf.Tensor:
  """KL divergence of the posterior from the prior, in nats.

  Args:
    posterior: Latent state with `mean` and `stddev`, each [.., S].
    prior: Latent state of the same shapes.
    mask: Which of them exist, bool [..]; the others count zero and have no
      gradient.

  Returns:
    KL(posterior || prior), summed over S; float32 [..].
  """
  if mask is None:
    return tfd.kl_divergence(latent(posterior), latent(prior))
  # Standard deviations of zero would make the gradients of the others nan.
  posterior, prior = (
    {
      'mean': state['mean'],
      'stddev': tf.where(mask[..., None], state['stddev'], 1.0),
    }
    for state in (posterior, prior)
  )
  return tf.where(mask, divergence(posterior, prior), 0.0)


def global_divergence(posterior: State) -> tf.Tensor:
  """KL divergence of the posterior from a standard normal, in nats.

  Args:
    posterior: Latent state with `mean` and `stddev`, each [.., S].

  Returns:
    KL(posterior || N(0, 1)), summed over S; float32 [..].
  """
  mean = posterior['mean']
  normal = {'mean': tf.zeros_like(mean), 'stddev': tf.ones_like(mean)}
  return divergence(posterior, normal)


def entropy(state: State) -> tf.Tensor:
  """Entropy of a latent state in nats; float32 [..]."""
  return latent(state).entropy()


def unit_normal_log_prob(
  mean: tf.Tensor, value: tf.Tensor, event_rank: int
) -> tf.Tensor:
  """Log likelihood under a Gaussian of unit variance, constant included.

  Args:
    mean: Predicted mean [.., *event].
    value: Observed value of the same shape.
    event_rank: Number of trailing dimensions that form one event; the log
      likelihood is summed over them (12,288 terms for an image).

  Returns:
    Log likelihood, float32 [..].
  """
  normal = tfd.Normal(tf.cast(mean, tf.float32), 1.0)
  return tfd.Independent(normal, event_rank).log_prob(value)
