"""Predictions of the model for a batch, from three sequences of latent states.

    prior       one step ahead
    posterior   reconstruction
    open_loop   some frames observed, the others predicted from actions alone

Source: paper, figure 10; original: training/define_summaries.py and
tools/summary.py.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from planet_tf import distributions
from planet_tf.world_model import WorldModel

NAMES = ('prior', 'posterior', 'open_loop')


class Prediction(NamedTuple):
  """Predictions from a sequence of latent states, as tensors or arrays.

  Attributes:
    heads: Predicted values by head, [B, T, ..]; images are in [0, 1].
    log_probs: Log likelihoods of the true values by head, [B, T].
    entropy: Entropies of the states, [B, T].
    stddev: Mean standard deviations of the states, [B, T].
    divergence: Divergences of the posterior from the states, [B, T].
  """

  heads: dict[str, Any]
  log_probs: dict[str, Any]
  entropy: Any
  stddev: Any
  divergence: Any


class Predictions(NamedTuple):
  """Predictions for a batch, and the true values.

  Attributes:
    by_name: Prediction for each of `NAMES`.
    truth: True values by head; images are in [0, 1].
  """

  by_name: dict[str, Prediction]
  truth: dict[str, Any]


def predict(
  model: WorldModel, batch: Mapping[str, np.ndarray], context: int
) -> Predictions:
  """Returns predictions for a batch; samples of latent states are means.

  Args:
    model: The world model.
    batch: Raw chunks: `image` uint8 [B, T, 64, 64, 3], `action` [B, T, A],
      `reward` [B, T], and the targets of other heads.
    context: Number of frames that the open-loop prediction observes.
  """
  targets = {k: tf.convert_to_tensor(v) for k, v in batch.items()}
  targets['image'] = model.preprocess(targets['image'])
  actions = targets.pop('action')
  prior, posterior = model.observe(targets['image'], actions)
  last = {name: tensor[:, context - 1] for name, tensor in posterior.items()}
  future = model.imagine(last, actions[:, context:])
  open_loop = {
    name: tf.concat([posterior[name][:, :context], future[name]], 1)
    for name in posterior
  }
  by_name = {}
  for name, state in zip(NAMES, (prior, posterior, open_loop), strict=True):
    heads = model.predict_heads(state)
    heads['image'] = tf.clip_by_value(heads['image'] + 0.5, 0.0, 1.0)
    by_name[name] = Prediction(
      heads=heads,
      log_probs=model.log_probs(state, targets),
      entropy=distributions.entropy(state),
      stddev=tf.reduce_mean(state['stddev'], -1),
      divergence=distributions.divergence(posterior, state),
    )
  truth = {**targets, 'image': targets['image'] + 0.5}
  return Predictions(by_name, truth)


def metrics(predictions: Predictions) -> dict[str, float]:
  """Returns scalar metrics, named as in docs/METRICS.md.

  Returns:
    For each prediction and head: mean log likelihood, mean absolute error, and
    mean and standard deviation of the predicted values. For each prediction:
    entropy, standard deviation and divergence of the states; the posterior has
    no divergence.
  """
  result = {}
  for name in NAMES:
    prediction = predictions.by_name[name]
    for head, value in prediction.heads.items():
      key = f'{name}/{head}'
      error = tf.abs(value - predictions.truth[head])
      result[f'{key}_log_prob'] = tf.reduce_mean(prediction.log_probs[head])
      result[f'{key}_abs_error'] = tf.reduce_mean(error)
      result[f'{key}_mean'] = tf.reduce_mean(value)
      result[f'{key}_std'] = tf.math.reduce_std(value)
    for key in ('entropy', 'stddev', 'divergence'):
      result[f'{name}/state_{key}'] = tf.reduce_mean(getattr(prediction, key))
  del result['posterior/state_divergence']  # From itself.
  return {name: float(value) for name, value in result.items()}


def horizon_errors(
  predictions: Predictions,
  context: int,
  horizons: tuple[int, ...] = (1, 4, 12),
) -> dict[str, float]:
  """Returns mean absolute errors of the open-loop prediction by horizon.

  Args:
    predictions: Predictions, as arrays.
    context: Number of frames that the model observed.
    horizons: Decisions since the last observed frame.

  Returns:
    `open_loop_NAME_error/N` of image (in units of the full range of a pixel)
    and reward, for each horizon N inside the chunk.
  """
  result = {}
  for name in ('reward', 'image'):
    predicted = predictions.by_name['open_loop'].heads[name]
    difference = np.abs(predicted - predictions.truth[name])
    errors = difference.reshape(*difference.shape[:2], -1).mean((0, 2))
    for horizon in horizons:
      step = context + horizon - 1
      if step < len(errors):
        key = f'open_loop_{name}_error/{horizon}'
        result[key] = float(errors[step])
  return result
