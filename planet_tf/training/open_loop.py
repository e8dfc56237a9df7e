"""Open-loop predictions, to see what the model has understood.

Source: paper, figure 10; original: training/define_summaries.py.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from planet_tf.data.preprocess import bin_centers, postprocess
from planet_tf.world_model import WorldModel


def predict(
  model: WorldModel, batch: Mapping[str, np.ndarray], context: int
) -> dict[str, tf.Tensor]:
  """Filters some frames, then predicts the rest from actions alone.

  Latent samples are means.

  Args:
    model: The world model.
    batch: Raw chunks: `image` uint8 [B, T, 64, 64, 3], `action` [B, T, A],
      `reward` [B, T].
    context: Number of frames that the model sees.

  Returns:
    `truth` and `prediction`, images in [0, 1) [B, T, 64, 64, 3], and
    `reward`, the predicted rewards [B, T].
  """
  images = bin_centers(batch['image'], model.image_bits)
  actions = tf.convert_to_tensor(batch['action'])
  _, posterior = model.observe(images[:, :context], actions[:, :context])
  last = {name: tensor[:, -1] for name, tensor in posterior.items()}
  future = model.imagine(last, actions[:, context:])
  states = {
    name: tf.concat([posterior[name], future[name]], 1) for name in posterior
  }
  predicted = model.predict_heads(states)
  return {
    'truth': images + 0.5,
    'prediction': tf.clip_by_value(predicted['image'] + 0.5, 0.0, 1.0),
    'reward': predicted['reward'],
  }


def metrics(
  predicted: Mapping[str, tf.Tensor],
  rewards: np.ndarray,
  context: int,
  horizons: tuple[int, ...] = (1, 4, 12),
) -> dict[str, float]:
  """Mean absolute errors of predicted rewards and images by horizon.

  Args:
    predicted: Result of `predict`.
    rewards: True rewards [B, T].
    context: Number of frames that the model saw.
    horizons: Decisions since the last seen frame.

  Returns:
    `open_loop_reward_error/N` and `open_loop_image_error/N` (in units of the
    full range of a pixel) for each horizon N inside the chunk.
  """
  reward_errors = np.abs(np.asarray(predicted['reward']) - rewards).mean(0)
  difference = tf.abs(predicted['prediction'] - predicted['truth'])
  image_errors = np.asarray(tf.reduce_mean(difference, (0, 2, 3, 4)))
  result = {}
  for horizon in horizons:
    step = context + horizon - 1
    if step < len(image_errors):
      result[f'open_loop_reward_error/{horizon}'] = float(reward_errors[step])
      result[f'open_loop_image_error/{horizon}'] = float(image_errors[step])
  return result


def frames(
  predicted: Mapping[str, tf.Tensor], bits: int, limit: int = 6
) -> np.ndarray:
  """Arranges truth above prediction above error, one column per chunk.

  Args:
    predicted: Result of `predict`.
    bits: Colour depth of the images.
    limit: Largest number of chunks to show.

  Returns:
    Animation, uint8 [T, 3 * 64, B * 64, 3]. In the error, grey is no error.
  """
  truth = predicted['truth'][:limit]
  prediction = predicted['prediction'][:limit]
  error = tf.clip_by_value((prediction - truth + 1.0) / 2.0, 0.0, 1.0)
  shown = [
    postprocess(truth - 0.5, bits, tf.uint8),
    postprocess(prediction - 0.5, 8, tf.uint8),
    postprocess(error - 0.5, 8, tf.uint8),
  ]
  rows = [np.concatenate(list(np.asarray(image)), 2) for image in shown]
  return np.concatenate(rows, 1)


def strip(
  predicted: Mapping[str, tf.Tensor], bits: int, columns: int = 12
) -> np.ndarray:
  """Lays the first chunk out in time: truth, prediction, error as rows.

  Args:
    predicted: Result of `predict`.
    bits: Colour depth of the images.
    columns: Largest number of frames to show, evenly spaced.

  Returns:
    Picture, uint8 [3 * 64, columns * 64, 3].
  """
  animation = frames(predicted, bits, limit=1)
  count = min(columns, len(animation))
  chosen = np.linspace(0, len(animation) - 1, count).round().astype(int)
  return np.concatenate([animation[index] for index in chosen], 1)
