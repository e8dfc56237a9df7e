"""The cross-entropy method (CEM), the planner.

It knows no model: a score function rates action sequences, be it with the
learned dynamics or with a simulator. Random shooting is CEM with one
iteration and one elite. Source: paper, algorithm 2; original:
control/planning.py.

    N environments   J candidates   K elites   I iterations   H horizon
    A action size
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from planet_tf.ops.random import fold_in, normal

ScoreFunction = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Plan(NamedTuple):
  """Result of planning.

  Attributes:
    action: First action of the final mean [N, A], what the agent executes.
    mean: Mean of the final belief over action sequences [N, H, A].
    stddev: Standard deviation of the final belief [N, H, A].
    means: Mean after each iteration [I, N, H, A].
    stddevs: Standard deviation after each iteration [I, N, H, A].
    returns: Mean return of all candidates at each iteration [I, N].
    elite_returns: Mean return of the elites at each iteration [I, N].
  """

  action: tf.Tensor
  mean: tf.Tensor
  stddev: tf.Tensor
  means: tf.Tensor
  stddevs: tf.Tensor
  returns: tf.Tensor
  elite_returns: tf.Tensor


def check_settings(
  horizon: int, iterations: int, candidates: int, elites: int
) -> None:
  """Checks the settings of the planner.

  Raises:
    ValueError: If there is no horizon or iteration, or no sensible number of
      elites.
  """
  if horizon < 1:
    raise ValueError(f'CEM needs a horizon of at least 1, got {horizon}.')
  if iterations < 1:
    raise ValueError(f'CEM needs at least 1 iteration, got {iterations}.')
  if not 1 <= elites <= candidates:
    raise ValueError(
      f'CEM elites must lie between 1 and candidates={candidates}, '
      f'got {elites}.'
    )


def cross_entropy_method(
  score_fn: ScoreFunction,
  *,
  batch: int | tf.Tensor,
  action_size: int,
  horizon: int,
  iterations: int,
  candidates: int,
  elites: int,
  refit_clipped: bool = True,
  minimum: tf.Tensor | float = -1.0,
  maximum: tf.Tensor | float = 1.0,
  seed: tf.Tensor | None = None,
  noise: tf.Tensor | None = None,
) -> Plan:
  """Searches for the action sequence with the highest score.

  Every call starts from a belief with mean 0 and variance 1, which suits
  actions between -1 and 1, as all our environments have. Candidates are
  clipped to the bounds before they are scored; the belief is refit to the
  elites with their population variance.

  Args:
    score_fn: `score_fn(actions [N, J, H, A], iteration) -> returns [N, J]`,
      where `iteration` is a scalar int32 from which to derive random seeds.
    batch: Number of environments N.
    action_size: Size A of one action.
    horizon: Planning horizon H in decisions.
    iterations: Optimisation iterations I, at least 1.
    candidates: Candidates J per iteration.
    elites: Elites K to which the belief is refit.
    refit_clipped: Whether to refit to the clipped elites, as the original
      does, or to what was drawn: then the belief may leave the bounds, and
      actions at them become likely.
    minimum: Lower bound of actions, a number or [A].
    maximum: Upper bound of actions, a number or [A].
    seed: Stateless seed, int32 [2], of the candidates' noise.
    noise: The noise itself [I, N, J, H, A], instead of a seed.

  Returns:
    The plan.

  Raises:
    ValueError: If the sizes contradict each other or there is no randomness.
  """
  check_settings(horizon, iterations, candidates, elites)
  if (seed is None) == (noise is None):
    raise ValueError('CEM needs either a seed or noise.')
  shape = (batch, candidates, horizon, action_size)

  def body(
    iteration: tf.Tensor,
    mean: tf.Tensor,
    stddev: tf.Tensor,
    history: tuple[tf.TensorArray, ...],
  ) -> tuple:
    if noise is None:
      fold = fold_in(seed, iteration)
      draw = normal(shape, fold)
    else:
      draw = noise[iteration]
    drawn = mean[:, None] + stddev[:, None] * draw
    actions = tf.clip_by_value(drawn, minimum, maximum)
    returns = score_fn(actions, iteration)
    best, indices = tf.math.top_k(returns, elites, sorted=False)
    refit = actions if refit_clipped else drawn
    best_actions = tf.gather(refit, indices, batch_dims=1)
    mean, variance = tf.nn.moments(best_actions, 1)
    stddev = tf.sqrt(variance + 1e-6)
    values = (mean, stddev, tf.reduce_mean(returns, 1), tf.reduce_mean(best, 1))
    history = tuple(
      array.write(iteration, value)
      for array, value in zip(history, values, strict=True)
    )
    return iteration + 1, mean, stddev, history

  initial = tf.zeros((batch, horizon, action_size))
  # With their shapes, or else LiteRT takes the four arrays for one.
  shapes = (initial.shape, initial.shape, initial.shape[:1], initial.shape[:1])
  history = tuple(
    tf.TensorArray(tf.float32, iterations, element_shape=shape)
    for shape in shapes
  )
  _, mean, stddev, history = tf.while_loop(
    lambda iteration, *_: iteration < iterations,
    body,
    (tf.constant(0), initial, tf.ones_like(initial), history),
    maximum_iterations=iterations,
  )
  action = tf.clip_by_value(mean[:, 0], minimum, maximum)
  return Plan(action, mean, stddev, *(array.stack() for array in history))
