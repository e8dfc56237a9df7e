"""Latent overshooting: open-loop predictions from the posterior of every step.

For two sequences of 6 and 5 steps (padded to 6) and a distance of 3, with
posteriors A to F, the steps [b, t, d] are, with t to the right and d down:

    posteriors          mask
    A B C D E F         1 1 1 1 1 1         A B C D E         1 1 1 1 1 0
    B C D E F           1 1 1 1 1 0         B C D E           1 1 1 1 0 0
    C D E F             1 1 1 1 0 0         C D E             1 1 1 0 0 0
    D E F               1 1 1 0 0 0         D E               1 1 0 0 0 0

The priors beside them are predictions of the same steps: a rollout starts
from posterior t - 1 (zeros for t = 0) and has seen d + 1 actions at step
t + d. So d = 0 is the usual one-step prior. Source: paper, section 4; original:
tools/overshooting.py.
"""

import tensorflow as tf

from planet_tf.models import LatentDynamics, State


def overshoot(
  dynamics: LatentDynamics,
  posterior: State,
  actions: tf.Tensor,
  distance: int,
  noise: tf.Tensor,
  lengths: tf.Tensor | None = None,
) -> tuple[State, State, tf.Tensor]:
  """Predicts `distance + 1` steps from the posterior of every step.

  Args:
    dynamics: Latent dynamics model.
    posterior: Posteriors, tensors [B, T, ..].
    actions: Actions that led to them [B, T, A].
    distance: Steps D beyond the one-step prior.
    noise: Standard normal noise [B, T, D + 1, S] of the predictions.
    lengths: Steps of each sequence that are not padding, int32 [B]; all by
      default.

  Returns:
    Priors and the posteriors of the same steps, tensors [B, T, D + 1, ..],
    and which of them exist, bool [B, T, D + 1]; the others are zeros.
  """
  batch, length = tf.unstack(tf.shape(actions)[:2])
  if lengths is None:
    lengths = tf.fill((batch,), length)
  mask = windows(tf.sequence_mask(lengths, length), distance)
  start = {
    name: tf.pad(tensor[:, :-1], [[0, 0], [1, 0], [0, 0]])
    for name, tensor in posterior.items()
  }
  priors = dynamics.imagine(
    _merge(windows(actions, distance)),
    _merge(noise),
    {name: _merge(tensor) for name, tensor in start.items()},
  )
  priors = {
    name: tf.reshape(x, (batch, length, distance + 1, x.shape[-1]))
    for name, x in priors.items()
  }
  posteriors = {name: windows(x, distance) for name, x in posterior.items()}
  return _masked(priors, mask), _masked(posteriors, mask), mask


def windows(tensor: tf.Tensor, distance: int) -> tf.Tensor:
  """Stacks each step with those that follow it.

  Args:
    tensor: Sequences [B, T, ..].
    distance: Number D of following steps.

  Returns:
    Steps t + d at [b, t, d], of shape [B, T, D + 1, ..]; zeros (or False)
    beyond the end.
  """
  rest = [[0, 0]] * (tensor.shape.rank - 2)
  padded = tf.pad(tensor, [[0, 0], [0, distance], *rest])
  length = tf.shape(tensor)[1]
  steps = [padded[:, d : d + length] for d in range(distance + 1)]
  return tf.stack(steps, 2)


def _merge(tensor: tf.Tensor) -> tf.Tensor:
  """Makes the first two dimensions one."""
  shape = tf.shape(tensor)
  return tf.reshape(tensor, tf.concat([[shape[0] * shape[1]], shape[2:]], 0))


def _masked(state: State, mask: tf.Tensor) -> State:
  return {
    name: tf.where(mask[..., None], x, tf.zeros_like(x))
    for name, x in state.items()
  }
