"""Settings of the training loop: `train.*` and `collect.*` in gin files."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

from planet_tf.config.registry import configurable


@dataclasses.dataclass(frozen=True, kw_only=True)
class CollectSettings:
  """Settings of a collection of training data.

  Attributes:
    policy: `agent` plans the actions, `random` draws them uniformly;
      evaluations always plan.
    episodes: Episodes of each task collected at a time, in parallel.
    interval: Updates between two collections.
    start: Updates before the first collection; None for `interval`.
    end: Updates after which the collection stops; None for never.
    exploration: Standard deviation of the action noise.
    exploration_ramp: Updates over which the noise grows from 0 to
      `exploration`; if negative, updates over which it falls to 0; 0 for
      constant noise.
    exploration_min: Minimum fraction of the noise during a ramp.
  """

  policy: Literal['agent', 'random']
  episodes: int
  interval: int
  start: int | None
  end: int | None
  exploration: float
  exploration_ramp: int
  exploration_min: float

  def __post_init__(self) -> None:
    _check_min(self, 1, 'episodes', 'interval', 'end')
    _check_min(self, 0, 'start', 'exploration', 'exploration_min')
    if self.exploration_min > 1:
      raise ValueError(
        f'exploration_min must be at most 1, got {self.exploration_min}.'
      )


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainSettings:
  """Settings of the training loop.

  Attributes:
    task: Name of the task, or `module:function`; a list trains one agent on
      several tasks.
    seed: Seed of the run; all randomness depends on it.
    seed_episodes: Episodes S of random actions at the start, per task: S for
      training and S for testing.
    collections: Names of the collections; each is a gin scope.
    evaluations: Names of the planners to evaluate; each is a gin scope.
    updates_per_evaluation: Updates between two evaluations.
    evaluation_episodes: Episodes without noise per evaluation, task and
      planner.
    total_episodes: Episodes of training data, per task, after which training
      ends.
    open_loop_context: Frames that the model observes before it predicts.
    updates_per_log: Updates averaged in one record of metrics.
    keep_checkpoints: Number of checkpoints to keep.
    strategy: `one` device computes the updates, or all GPUs (`mirrored`).
  """

  task: str | Sequence[str]
  seed: int
  seed_episodes: int
  collections: Sequence[str]
  evaluations: Sequence[str]
  updates_per_evaluation: int
  evaluation_episodes: int
  total_episodes: int
  open_loop_context: int
  updates_per_log: int
  keep_checkpoints: int
  strategy: Literal['one', 'mirrored']

  @property
  def tasks(self) -> tuple[str, ...]:
    """Names of the tasks, as a tuple."""
    return (self.task,) if isinstance(self.task, str) else tuple(self.task)

  def __post_init__(self) -> None:
    _check_min(self, 0, 'seed', 'evaluation_episodes')
    _check_min(self, 1, 'seed_episodes', 'total_episodes', 'open_loop_context')
    _check_min(self, 1, 'updates_per_evaluation', 'updates_per_log')
    _check_min(self, 1, 'keep_checkpoints')
    _check_names('task', self.tasks)
    _check_names('collections', self.collections)
    _check_names('evaluations', self.evaluations)
    if self.seed >= 2**31:
      raise ValueError(f'seed must be below 2**31, got {self.seed}.')
    if self.total_episodes < self.seed_episodes:
      raise ValueError(
        f'total_episodes={self.total_episodes} must be at least '
        f'seed_episodes={self.seed_episodes}, which it includes.'
      )


def _check_min(settings: object, minimum: int, *names: str) -> None:
  for name in names:
    value = getattr(settings, name)
    if value is not None and value < minimum:
      raise ValueError(f'{name} must be at least {minimum}, got {value}.')


def _check_names(setting: str, names: Sequence[str]) -> None:
  if not names:
    raise ValueError(f'{setting} must hold at least one name.')
  for name in names:
    if names.count(name) > 1:
      raise ValueError(f'{setting} names {name!r} twice.')


make_train_settings = configurable(TrainSettings, name='train')
make_collect_settings = configurable(
  CollectSettings, name='collect', scoped=True
)
