"""One environment in a worker process, with the interface of dm_env."""

from collections.abc import Sequence
from typing import Any

import dm_env
import numpy as np
from dm_env import specs

from planet_tf.envs.parallel import ParallelEnvs


class IsolatedEnvironment(dm_env.Environment):
  """The environment of `build_env`, safe to use with TensorFlow.

  It has the same observations, actions, rewards and seeding. Arguments and
  errors are those of `ParallelEnvs`.
  """

  def __init__(
    self,
    task: str,
    *,
    seed: int | None = None,
    timeout: float = 120.0,
    modules: Sequence[str] = (),
    **task_options: Any,
  ) -> None:
    self._envs = ParallelEnvs(
      task, timeout=timeout, modules=modules, **task_options
    )
    self._seed = seed
    self._running = False
    self.action_repeat = self._envs.action_repeat
    self.duration = self._envs.duration

  def seed(self, seed: int) -> None:
    """Sets the seed that determines all episodes from the next reset."""
    self._seed = seed

  def reset(self) -> dm_env.TimeStep:
    """Starts an episode."""
    seed, self._seed = self._seed, None
    self._running = True
    return self._envs.reset([seed])[0]

  def step(self, action: np.ndarray) -> dm_env.TimeStep:
    """Applies an action, [A] in [-1, 1]; resets after the last step."""
    if not self._running:
      return self.reset()
    time_step = self._envs.step([action])[0]
    assert time_step is not None
    self._running = not time_step.last()
    return time_step

  def action_spec(self) -> specs.BoundedArray:
    """Float32 [A] in [-1, 1]."""
    return self._envs.action_spec

  def observation_spec(self) -> dict[str, specs.Array]:
    """Specs of the image and of the state vectors."""
    return dict(self._envs.observation_spec)

  def reward_spec(self) -> specs.Array:
    """One float64 per decision."""
    return specs.Array((), np.float64, name='reward')

  def close(self) -> None:
    """Ends the worker process."""
    self._envs.close()
