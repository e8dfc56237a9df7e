"""Wrappers of dm_env environments: action repeat, time limit, action range."""

from typing import Any

import dm_env
import numpy as np
from dm_env import specs

from planet_tf.errors import UserError

# Planners clip to [-1, 1], so only rounding errors can exceed it.
ACTION_TOLERANCE = 1e-4


class UnsupportedEnvironment(UserError):
  """An environment lacks what agents need: images, continuous actions."""


class Wrapper(dm_env.Environment):
  """Forwards all methods and attributes to the wrapped environment."""

  def __init__(self, env: dm_env.Environment) -> None:
    self._env = env

  def __getattr__(self, name: str) -> Any:
    if name.startswith('_'):
      raise AttributeError(name)
    return getattr(self._env, name)

  @property
  def unwrapped(self) -> dm_env.Environment:
    """The environment inside all wrappers."""
    return getattr(self._env, 'unwrapped', self._env)

  def reset(self) -> dm_env.TimeStep:
    """Starts an episode."""
    return self._env.reset()

  def step(self, action: np.ndarray) -> dm_env.TimeStep:
    """Applies an action."""
    return self._env.step(action)

  def action_spec(self) -> Any:
    """Spec of the actions."""
    return self._env.action_spec()

  def observation_spec(self) -> Any:
    """Spec of the observations."""
    return self._env.observation_spec()

  def reward_spec(self) -> Any:
    """Spec of the rewards."""
    return self._env.reward_spec()

  def discount_spec(self) -> Any:
    """Spec of the discounts."""
    return self._env.discount_spec()

  def close(self) -> None:
    """Closes the environment."""
    self._env.close()


class ActionRepeat(Wrapper):
  """Repeats each action and sums the rewards in float64.

  It stops when the episode ends. The discount of a decision is the product
  over its steps. Original: control/wrappers.py.
  """

  def __init__(self, env: dm_env.Environment, action_repeat: int) -> None:
    super().__init__(env)
    self.action_repeat = action_repeat

  def step(self, action: np.ndarray) -> dm_env.TimeStep:
    """Repeats an action.

    Raises:
      FloatingPointError: The sum of the rewards is not finite.
    """
    reward, discount = 0.0, 1.0
    for _ in range(self.action_repeat):
      time_step = self._env.step(action)
      if time_step.first():
        return time_step
      reward += float(time_step.reward or 0.0)
      discount *= float(time_step.discount)
      if time_step.last():
        break
    if not np.isfinite(reward):
      raise FloatingPointError(
        f'The reward of the environment is {reward}; it must be finite.'
      )
    return time_step._replace(reward=reward, discount=discount)

  def reward_spec(self) -> specs.Array:
    """One float64 per decision."""
    return specs.Array((), np.float64, name='reward')


class TimeLimit(Wrapper):
  """Ends episodes after a number of decisions, without changing the discount.

  A step after the last one, or before the first reset, resets (see dm_env).
  """

  def __init__(self, env: dm_env.Environment, duration: int) -> None:
    super().__init__(env)
    self.duration = duration
    self._decisions: int | None = None

  def reset(self) -> dm_env.TimeStep:
    """Starts an episode and counts its decisions."""
    self._decisions = 0
    return self._env.reset()

  def step(self, action: np.ndarray) -> dm_env.TimeStep:
    """Applies an action. The last time step of an episode is LAST."""
    if self._decisions is None:
      return self.reset()
    time_step = self._env.step(action)
    self._decisions += 1
    if self._decisions >= self.duration:
      time_step = time_step._replace(step_type=dm_env.StepType.LAST)
    if time_step.last():
      self._decisions = None
    return time_step


class NormalizeActions(Wrapper):
  """Rescales bounded actions to [-1, 1], as float32 [A]."""

  def __init__(self, env: dm_env.Environment, task: str) -> None:
    super().__init__(env)
    self._task = task
    inner = env.action_spec()
    self._check_spec(inner)
    self._shape, self._dtype = inner.shape, inner.dtype
    # Exactly 0 and 1 for the range [-1, 1], so that actions do not change.
    self._center = np.add(inner.maximum, inner.minimum, dtype=float) / 2
    self._scale = np.subtract(inner.maximum, inner.minimum, dtype=float) / 2
    size = int(np.prod(inner.shape, dtype=int))
    bound = np.ones(size, np.float32)
    self._spec = specs.BoundedArray(
      (size,), np.float32, -bound, bound, 'action'
    )

  def action_spec(self) -> specs.BoundedArray:
    """Float32 [A] in [-1, 1]."""
    return self._spec

  def step(self, action: np.ndarray) -> dm_env.TimeStep:
    """Applies an action, float32 [A] in [-1, 1].

    Raises:
      ValueError: The action has another shape or is out of range.
    """
    action = np.asarray(action, np.float64)
    if action.shape != self._spec.shape:
      raise ValueError(
        f'Task {self._task!r} takes actions of shape {self._spec.shape}, '
        f'got {action.shape}.'
      )
    if not np.all(np.abs(action) <= 1 + ACTION_TOLERANCE):
      raise ValueError(
        f'Task {self._task!r} takes actions in [-1, 1], got {action}.'
      )
    action = np.clip(action, -1, 1).reshape(self._shape)
    action = self._center + self._scale * action
    return self._env.step(action.astype(self._dtype))

  def _check_spec(self, spec: Any) -> None:
    continuous = isinstance(spec, specs.BoundedArray) and np.issubdtype(
      spec.dtype, np.floating
    )
    if not continuous:
      raise UnsupportedEnvironment(
        f'Task {self._task!r} must have one bounded array of continuous '
        f'actions, but its action_spec is {spec!r}.'
      )
    if not np.all(np.isfinite([spec.minimum, spec.maximum])):
      raise UnsupportedEnvironment(
        f'Task {self._task!r} has actions without finite bounds (minimum '
        f'{spec.minimum}, maximum {spec.maximum}); set finite bounds in its '
        'action_spec.'
      )
