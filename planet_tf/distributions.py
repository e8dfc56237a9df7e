"""Log likelihoods, divergences and entropies from TensorFlow Probability.

Keras layers cannot return distribution objects, so they return the parameters
as tensors, and these functions make the distributions. No other module imports
TensorFlow Probability.
"""

from collections.abc import Mapping

import tensorflow as tf
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

State = Mapping[str, tf.Tensor]


def latent(state: State) -> tfd.Distribution:
  """Returns the diagonal Gaussian of a latent state.

  Args:
    state: Latent state with `mean` and `stddev`, each [.., S].

  Returns:
    Distribution with batch shape [..] and event shape [S].
  """
  return tfd.Independent(tfd.Normal(state['mean'], state['stddev']), 1)


def divergence(
  posterior: State, prior: State, mask: tf.Tensor | None = None
) -> tf.Tensor:
  """Computes the KL divergence of the posterior from the prior, in nats.

  Args:
    posterior: Latent state with `mean` and `stddev`, each [.., S].
    prior: Latent state of the same shapes.
    mask: Which entries exist, bool [..]; the others yield zero and have no
      gradient.

  Returns:
    KL(posterior || prior), summed over S; float32 [..].
  """
  if mask is None:
    return tfd.kl_divergence(latent(posterior), latent(prior))
  # Standard deviations of zero would turn all gradients into nan.
  posterior, prior = (
    {
      'mean': state['mean'],
      'stddev': tf.where(mask[..., None], state['stddev'], 1.0),
    }
    for state in (posterior, prior)
  )
  return tf.where(mask, divergence(posterior, prior), 0.0)


def global_divergence(posterior: State) -> tf.Tensor:
  """Computes the KL divergence from a standard normal, in nats.

  Args:
    posterior: Latent state with `mean` and `stddev`, each [.., S].

  Returns:
    KL(posterior || N(0, 1)), summed over S; float32 [..].
  """
  mean = posterior['mean']
  normal = {'mean': tf.zeros_like(mean), 'stddev': tf.ones_like(mean)}
  return divergence(posterior, normal)


def entropy(state: State) -> tf.Tensor:
  """Computes the entropy of a latent state in nats, float32 [..]."""
  return latent(state).entropy()


def log_prob(
  mean: tf.Tensor,
  value: tf.Tensor,
  event_rank: int,
  *,
  stddev: tf.Tensor | float = 1.0,
  kind: str = 'normal',
  low: float = -1.0,
  high: float = 1.0,
) -> tf.Tensor:
  """Computes the log likelihood of an observed value, constant included.

  Args:
    mean: Predicted mean [.., *event], before truncation or tanh.
    value: Observed value of the same shape.
    event_rank: Number of trailing dimensions that form one event; the log
      likelihood is summed over them (12,288 terms for an image).
    stddev: Standard deviation, a number or of the mean's shape.
    kind: `normal`, `truncated_normal` (to [low, high]), `tanh_normal` (the
      tanh of a normal) or `deterministic`.
    low: Lower bound of the truncated normal.
    high: Upper bound of the truncated normal.

  Returns:
    Log likelihood, float32 [..].
  """
  mean = tf.cast(mean, tf.float32)
  if kind == 'normal':
    single = tfd.Normal(mean, stddev)
  elif kind == 'truncated_normal':
    single = tfd.TruncatedNormal(mean, stddev, low, high)
  elif kind == 'tanh_normal':
    normal = tfd.Normal(mean, stddev)
    single = tfd.TransformedDistribution(normal, tfb.Tanh())
  elif kind == 'deterministic':
    single = tfd.Deterministic(mean)
  else:
    raise ValueError(f'Unknown likelihood {kind!r}.')
  return tfd.Independent(single, event_rank).log_prob(value)
