"""Planner: the cross-entropy method (CEM) over action sequences.

The planner knows no model. A score function rates action sequences, with the
learned dynamics or with a simulator. Random shooting is CEM with one iteration
and one elite. Source: paper, algorithm 2; original: control/planning.py.

    N environments   J candidates   K elites   I iterations   H horizon
    A action size
"""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Protocol

import tensorflow as tf

from planet_tf.ops.random import fold_in, normal

ScoreFunction = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Plan(NamedTuple):
  """Result of planning.

  Attributes:
    action: First action of the mean [N, A], which the agent executes.
    mean: Mean of the distribution over action sequences [N, H, A].
    stddev: Standard deviation of that distribution [N, H, A].
    returns: Mean return of all candidates in each iteration [I, N].
    elite_returns: Mean return of the elites in each iteration [I, N].
  """

  action: tf.Tensor
  mean: tf.Tensor
  stddev: tf.Tensor
  returns: tf.Tensor
  elite_returns: tf.Tensor


class Planner(Protocol):
  """Searches for the action sequence with the highest score.

  Planners are frozen dataclasses whose fields are their settings.
  """

  __dataclass_fields__: ClassVar[dict[str, Any]]

  @property
  def horizon(self) -> int:
    """Planning horizon H in decisions."""

  @property
  def iterations(self) -> int:
    """Iterations I."""

  @property
  def candidates(self) -> int:
    """Candidates J per iteration."""

  def __call__(
    self,
    score_fn: ScoreFunction,
    *,
    batch: int | tf.Tensor,
    action_size: int,
    minimum: tf.Tensor | float = -1.0,
    maximum: tf.Tensor | float = 1.0,
    seed: tf.Tensor | None = None,
    noise: tf.Tensor | None = None,
  ) -> Plan:
    """Returns a plan; see `CrossEntropyMethod`."""


@dataclasses.dataclass(frozen=True)
class CrossEntropyMethod:
  """Cross-entropy method: refits a Gaussian to the best candidates.

  Attributes:
    horizon: Planning horizon H in decisions.
    iterations: Iterations I.
    candidates: Candidates J per iteration.
    elites: Candidates K with the highest returns, to which the distribution is
      refit.
    refit_clipped: Whether the refit uses the elites clipped to the bounds, as
      in the original, or as drawn. As drawn, the mean may leave the bounds, so
      that actions at the bounds become likely.

  Raises:
    ValueError: The horizon or the iterations are below 1, or the elites are
      not between 1 and the number of candidates.
  """

  horizon: int
  iterations: int
  candidates: int
  elites: int
  refit_clipped: bool = True

  def __post_init__(self) -> None:
    for name in ('horizon', 'iterations'):
      if getattr(self, name) < 1:
        raise ValueError(
          f'{name} must be at least 1, got {getattr(self, name)}.'
        )
    if not 1 <= self.elites <= self.candidates:
      raise ValueError(
        f'elites must be between 1 and candidates={self.candidates}, got '
        f'{self.elites}.'
      )

  def __call__(
    self,
    score_fn: ScoreFunction,
    *,
    batch: int | tf.Tensor,
    action_size: int,
    minimum: tf.Tensor | float = -1.0,
    maximum: tf.Tensor | float = 1.0,
    seed: tf.Tensor | None = None,
    noise: tf.Tensor | None = None,
  ) -> Plan:
    """Searches for the action sequences with the highest returns.

    Every call starts from mean 0 and variance 1, which suits actions between
    -1 and 1. Candidates are clipped to the bounds before they are scored. The
    refit uses the population variance of the elites.

    Args:
      score_fn: `score_fn(actions [N, J, H, A], iteration) -> returns [N, J]`.
        `iteration` is a scalar int32 from which to derive random seeds.
      batch: Number of environments N.
      action_size: Size A of one action.
      minimum: Lower bound of actions, a number or [A].
      maximum: Upper bound of actions, a number or [A].
      seed: Stateless seed, int32 [2], of the candidates.
      noise: Standard normal noise of the candidates [I, N, J, H, A], instead
        of a seed.

    Returns:
      The plan.

    Raises:
      ValueError: Neither or both of seed and noise are given.
    """
    if (seed is None) == (noise is None):
      raise ValueError('CrossEntropyMethod takes either a seed or noise.')
    shape = (batch, self.candidates, self.horizon, action_size)

    def body(
      iteration: tf.Tensor,
      mean: tf.Tensor,
      stddev: tf.Tensor,
      history: tuple[tf.TensorArray, ...],
    ) -> tuple[Any, ...]:
      if noise is None:
        draw = normal(shape, fold_in(seed, iteration))
      else:
        draw = noise[iteration]
      drawn = mean[:, None] + stddev[:, None] * draw
      actions = tf.clip_by_value(drawn, minimum, maximum)
      returns = score_fn(actions, iteration)
      best, indices = tf.math.top_k(returns, self.elites, sorted=False)
      source = actions if self.refit_clipped else drawn
      elites = tf.gather(source, indices, batch_dims=1)
      mean, variance = tf.nn.moments(elites, 1)
      values = (tf.reduce_mean(returns, 1), tf.reduce_mean(best, 1))
      history = tuple(
        array.write(iteration, value)
        for array, value in zip(history, values, strict=True)
      )
      return iteration + 1, mean, tf.sqrt(variance + 1e-6), history

    initial = tf.zeros((batch, self.horizon, action_size))
    # Without their shapes, LiteRT takes the two arrays for one.
    history = tuple(
      tf.TensorArray(
        tf.float32, self.iterations, element_shape=initial.shape[:1]
      )
      for _ in range(2)
    )
    _, mean, stddev, history = tf.while_loop(
      lambda iteration, *_: iteration < self.iterations,
      body,
      (tf.constant(0), initial, tf.ones_like(initial), history),
      maximum_iterations=self.iterations,
    )
    action = tf.clip_by_value(mean[:, 0], minimum, maximum)
    return Plan(action, mean, stddev, *(array.stack() for array in history))
