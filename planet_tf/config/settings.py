"""Settings of the training loop: `train.*` and `collect.*` in gin files."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

from planet_tf.config.registry import configurable


@dataclasses.dataclass(frozen=True, kw_only=True)
class CollectSettings:
  """Settings of a collection of training data.

  Attributes:
    policy: Who acts: the `agent`, or `random` actions; tests always plan.
    episodes: Episodes of each task that are collected at a time, side by side.
    interval: Updates between two collections.
    start: Updates before the first collection; None for `interval`.
    end: Updates after which the collection stops; None for never.
    exploration: Standard deviation of the action noise.
    exploration_ramp: Updates over which the noise grows from nothing to that;
      if negative, over which it falls from that to nothing; 0 for neither.
    exploration_min: Least share of the noise during a ramp.
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
    task: Name of the task, or `module:function`; a list for one agent that
      learns several.
    seed: Seed of everything random in the run.
    seed_episodes: Episodes S of random actions at the start, of each task, for
      training and as many for testing.
    collections: Names of the collections; a name is the scope of settings
      that differ for one of them.
    evaluations: Names of the planners to evaluate; each is a gin scope.
    updates_per_evaluation: Updates from one test phase to the next.
    evaluation_episodes: Episodes without noise per evaluation, task and
      planner.
    total_episodes: Episodes of training data, of each task, after which
      training ends.
    open_loop_context: Frames that the model sees before it predicts.
    updates_per_log: Updates whose mean metrics make one record.
    keep_checkpoints: Number of checkpoints to keep.
    strategy: Updates run on `one` device, or `mirrored` on all GPUs.
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
    """Names of the tasks."""
    return (self.task,) if isinstance(self.task, str) else tuple(self.task)

  def __post_init__(self) -> None:
    _check_min(self, 0, 'seed', 'evaluation_episodes')
    counts = ('seed_episodes', 'updates_per_evaluation', 'total_episodes')
    counts += ('open_loop_context', 'updates_per_log', 'keep_checkpoints')
    _check_min(self, 1, *counts)
    _check_names('task', self.tasks)
    _check_names('collections', self.collections)
    _check_names('evaluations', self.evaluations)
    if self.seed >= 2**31:
      raise ValueError(f'seed must be below 2**31, got {self.seed}.')
    if self.total_episodes < self.seed_episodes:
      raise ValueError(
        f'total_episodes={self.total_episodes} must be at least '
        f'seed_episodes={self.seed_episodes}, which are part of them.'
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
