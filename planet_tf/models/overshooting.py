"""Latent overshooting: predictions from the posterior of every step.

For a sequence of 6 steps with posteriors A to F and a distance of 3, the
entries [t, d] are, with t to the right and d down:

    posteriors          mask
    A B C D E F         1 1 1 1 1 1
    B C D E F           1 1 1 1 1 0
    C D E F             1 1 1 1 0 0
    D E F               1 1 1 0 0 0

The priors predict the same steps: a rollout starts from posterior t - 1 (zeros
for t = 0) and has used d + 1 actions at step t + d. So d = 0 is the one-step
prior. Source: paper, section 4; original: tools/overshooting.py.
"""

import tensorflow as tf

from planet_tf.models import LatentDynamics, State


def overshoot(
  dynamics: LatentDynamics,
  posterior: State,
  actions: tf.Tensor,
  distance: int,
  noise: tf.Tensor,
) -> tuple[State, State, tf.Tensor]:
  """Predicts `distance + 1` steps from the posterior of every step.

  Args:
    dynamics: Latent dynamics model.
    posterior: Posteriors, tensors [B, T, ..].
    actions: Actions that led to them [B, T, A].
    distance: Steps D beyond the one-step prior.
    noise: Standard normal noise [B, T, D + 1, S] of the predictions.

  Returns:
    Priors and the posteriors of the same steps, tensors [B, T, D + 1, ..], and
    a mask, bool [B, T, D + 1]. Entries beyond the end are zeros.
  """
  batch, length = tf.unstack(tf.shape(actions)[:2])
  mask = windows(tf.ones((batch, length), tf.bool), distance)
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
  """Stacks each step with the steps that follow it.

  Args:
    tensor: Sequences [B, T, ..].
    distance: Number D of following steps.

  Returns:
    Step t + d at [b, t, d], shape [B, T, D + 1, ..]; zeros (or False) beyond
    the end.
  """
  rest = [[0, 0]] * (tensor.shape.rank - 2)
  padded = tf.pad(tensor, [[0, 0], [0, distance], *rest])
  length = tf.shape(tensor)[1]
  steps = [padded[:, d : d + length] for d in range(distance + 1)]
  return tf.stack(steps, 2)


def _merge(tensor: tf.Tensor) -> tf.Tensor:
  """Merges the first two axes."""
  shape = tf.shape(tensor)
  return tf.reshape(tensor, tf.concat([[shape[0] * shape[1]], shape[2:]], 0))


def _masked(state: State, mask: tf.Tensor) -> State:
  return {
    name: tf.where(mask[..., None], x, tf.zeros_like(x))
    for name, x in state.items()
  }
