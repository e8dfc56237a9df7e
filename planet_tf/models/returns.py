"""Returns that a latent dynamics model predicts for action sequences.

N environments   J candidates   H horizon   A action size
"""

from collections.abc import Callable

import tensorflow as tf

from planet_tf.models.base import LatentDynamics, State
from planet_tf.ops.parallel import ROWS_PER_SPLIT, map_chunks, split
from planet_tf.ops.random import fold_in, normal

RewardHead = Callable[[tf.Tensor], tf.Tensor]


def draw_returns(
  dynamics: LatentDynamics,
  reward: RewardHead,
  state: State,
  actions: tf.Tensor,
  seed: tf.Tensor,
  num_splits: int,
) -> tf.Tensor:
  """Predicts returns with noise drawn from a seed.

  Args:
    dynamics: Latent dynamics model.
    reward: Predicts mean rewards [..] from features [.., F].
    state: Current state of each environment, tensors [N, ..].
    actions: Candidate action sequences [N, J, H, A].
    seed: Stateless seed, int32 [2], of the latent samples.
    num_splits: Parts of the candidates that are computed in parallel.

  Returns:
    Returns [N, J].
  """

  def chunk_returns(
    chunk: tuple[State, tf.Tensor], seed: tf.Tensor
  ) -> tf.Tensor:
    state, actions = chunk
    returns = []
    for index, part in enumerate(split(actions, num_splits, 1)):
      noise = _noise(dynamics, part, fold_in(seed, index))
      returns.append(predict_returns(dynamics, reward, state, part, noise))
    return tf.concat(returns, 1)

  if num_splits == 1:
    return chunk_returns((state, actions), seed)
  returns = map_chunks(
    lambda chunk, index: chunk_returns(chunk, fold_in(seed, index)),
    (state, actions),
    max(1, ROWS_PER_SPLIT * num_splits // actions.shape[1]),
  )
  return tf.ensure_shape(returns, actions.shape[:2])


def predict_returns(
  dynamics: LatentDynamics,
  reward: RewardHead,
  state: State,
  actions: tf.Tensor,
  noise: tf.Tensor | None,
) -> tf.Tensor:
  """Predicts returns: sums of the rewards after the current step.

  The latent samples of a candidate start from the state of its environment
  (the original mixes up the states for N > 1).

  Args:
    dynamics: Latent dynamics model.
    reward: Predicts mean rewards [..] from features [.., F].
    state: Current state of each environment, tensors [N, ..].
    actions: Candidate action sequences [N, J, H, A].
    noise: Standard normal noise [H, N * J, S], or None for the means.

  Returns:
    Returns [N, J].
  """
  candidates, horizon, action_size = actions.shape[1:]
  state = {
    name: tf.repeat(tensor, candidates, 0) for name, tensor in state.items()
  }
  flat = tf.reshape(actions, (-1, horizon, action_size))
  if noise is None:
    size = dynamics.stochastic_size
    noise = tf.zeros((horizon, tf.shape(flat)[0], size))
  total = 0.0
  for time in range(horizon):
    state = dynamics.transition(state, flat[:, time], noise[time])
    total += reward(dynamics.features(state))
  return tf.reshape(total, (-1, candidates))


def _noise(
  dynamics: LatentDynamics, actions: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor | None:
  if dynamics.mean_only:
    return None
  rows = tf.shape(actions)[0] * actions.shape[1]
  return normal((actions.shape[2], rows, dynamics.stochastic_size), seed)
