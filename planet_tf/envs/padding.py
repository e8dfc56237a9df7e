"""Environments with padded actions, for agents of several tasks.

An agent for several tasks uses one action size for all of them.
Original: control/wrappers.py (PadActions, SelectObservations).
"""

from collections.abc import Sequence
from typing import Any

import dm_env
import numpy as np
from dm_env import specs

from planet_tf.envs.parallel import ParallelEnvs


class PaddedEnvs:
  """`ParallelEnvs` that ignore the last elements of each action.

  All other attributes are those of the wrapped environments.

  Args:
    envs: The environments to wrap. This class does not close them.
    action_size: Size A of the padded actions, at least the size of theirs.

  Attributes:
    action_spec: Spec of the padded actions, float32 [A] in [-1, 1].
  """

  def __init__(self, envs: ParallelEnvs, action_size: int) -> None:
    self._envs = envs
    self._used = envs.action_spec.shape[0]
    if action_size < self._used:
      raise ValueError(
        f'Task {envs.task!r} takes actions of size {self._used}, which cannot '
        f'be padded to {action_size}.'
      )
    bound = np.ones(action_size, np.float32)
    self.action_spec = specs.BoundedArray(
      bound.shape, np.float32, -bound, bound, 'action'
    )

  def __getattr__(self, name: str) -> Any:
    if name.startswith('_'):
      raise AttributeError(name)
    return getattr(self._envs, name)

  def step(
    self, actions: Sequence[np.ndarray | None]
  ) -> list[dm_env.TimeStep | None]:
    """Like `ParallelEnvs.step`, with actions [A]."""
    used = [None if x is None else x[: self._used] for x in actions]
    return self._envs.step(used)
