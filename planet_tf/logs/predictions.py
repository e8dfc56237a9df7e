"""What the model sees in a batch: closed loop and open loop, head by head.

    prior       predictions one step ahead
    posterior   reconstructions
    open_loop   some frames seen, the rest predicted from actions alone

Source: paper, figure 10; original: training/define_summaries.py and
tools/summary.py.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from planet_tf import distributions
from planet_tf.data.preprocess import bin_centers
from planet_tf.world_model import WorldModel

NAMES = ('prior', 'posterior', 'open_loop')


def predict(
  model: WorldModel, batch: Mapping[str, np.ndarray], context: int
) -> dict[str, dict[str, Any]]:
  """Predicts a batch in all views; latent samples are means.

  Args:
    model: The world model.
    batch: Raw chunks: `image` uint8 [B, T, 64, 64, 3], `action` [B, T, A],
      `reward` [B, T], and what other heads predict.
    context: Number of frames that the open-loop view sees.

  Returns:
    For each view: `predicted` and `log_prob` [B, T] by head, `entropy` and
    `stddev` of its states [B, T], and `divergence` of the posterior from them
    [B, T]. Images are in [0, 1]. And `truth`, by head.
  """
  targets = {k: tf.convert_to_tensor(v) for k, v in batch.items()}
  targets['image'] = bin_centers(targets['image'], model.image_bits)
  actions = targets.pop('action')
  prior, posterior = model.observe(targets['image'], actions)
  last = {name: tensor[:, context - 1] for name, tensor in posterior.items()}
  future = model.imagine(last, actions[:, context:])
  open_loop = {
    name: tf.concat([posterior[name][:, :context], future[name]], 1)
    for name in posterior
  }
  result = {}
  for name, state in zip(NAMES, (prior, posterior, open_loop), strict=True):
    predicted = model.predict_heads(state)
    predicted['image'] = tf.clip_by_value(predicted['image'] + 0.5, 0.0, 1.0)
    result[name] = {
      'predicted': predicted,
      'log_prob': model.log_probs(state, targets),
      'entropy': distributions.entropy(state),
      'stddev': tf.reduce_mean(state['stddev'], -1),
      'divergence': distributions.divergence(posterior, state),
    }
  result['truth'] = {**targets, 'image': targets['image'] + 0.5}
  return result


def metrics(views: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
  """Scalars of all views, named as docs/METRICS.md says.

  Args:
    views: Result of `predict`.

  Returns:
    For each head, the mean log likelihood, the mean absolute error, and mean
    and standard deviation of what it predicts; for the states of prior and
    open loop, entropy, standard deviation and divergence.
  """
  result = {}
  for view in NAMES:
    for name, value in views[view]['predicted'].items():
      key = f'{view}/{name}'
      error = tf.abs(value - views['truth'][name])
      result[f'{key}_log_prob'] = tf.reduce_mean(views[view]['log_prob'][name])
      result[f'{key}_abs_error'] = tf.reduce_mean(error)
      result[f'{key}_mean'] = tf.reduce_mean(value)
      result[f'{key}_std'] = tf.math.reduce_std(value)
    for name in ('entropy', 'stddev', 'divergence'):
      result[f'{view}/state_{name}'] = tf.reduce_mean(views[view][name])
  del result['posterior/state_divergence']  # Of the posterior from itself.
  return {name: float(value) for name, value in result.items()}


def horizon_errors(
  views: Mapping[str, Mapping[str, Any]],
  context: int,
  horizons: tuple[int, ...] = (1, 4, 12),
) -> dict[str, float]:
  """Mean absolute errors of open-loop predictions by horizon.

  Args:
    views: Result of `predict`.
    context: Number of frames that the model saw.
    horizons: Decisions since the last seen frame.

  Returns:
    `open_loop_NAME_error/N` of image (in units of the full range of a pixel)
    and reward for each horizon N inside the chunk.
  """
  result = {}
  for name in ('reward', 'image'):
    predicted = views['open_loop']['predicted'][name]
    difference = np.abs(predicted - views['truth'][name])
    errors = difference.reshape(*difference.shape[:2], -1).mean((0, 2))
    for horizon in horizons:
      step = context + horizon - 1
      if step < len(errors):
        key = f'open_loop_{name}_error/{horizon}'
        result[key] = float(errors[step])
  return result
