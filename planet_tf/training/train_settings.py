"""Settings of the training loop; `train.*` in gin files."""

import dataclasses
from typing import Literal

from planet_tf.training.registry import settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainSettings:
  """Settings of the training loop.

  Attributes:
    task: Name of the task, or `module:function`.
    seed: Seed of everything random in the run.
    seed_episodes: Episodes S of random actions at the start, for training
      and as many for testing.
    updates_per_episode: Updates C for each collected episode.
    collection: Who collects the episodes after the seed episodes: the `agent`
      or `random` actions; tests always plan.
    exploration: Standard deviation of the action noise while collecting.
    exploration_ramp: Updates over which the noise grows from nothing to that;
      if negative, over which it falls from that to nothing; 0 for neither.
    exploration_least: Least share of the noise during a ramp.
    updates_per_test: Updates from one test phase to the next.
    test_episodes: Episodes without noise in a test phase.
    total_episodes: Episodes of training data after which training ends.
    open_loop_context: Frames that the model sees before it predicts.
    updates_per_log: Updates whose mean metrics make one record.
    keep_checkpoints: Number of checkpoints to keep.
  """

  task: str
  seed: int
  seed_episodes: int
  updates_per_episode: int
  collection: Literal['agent', 'random']
  exploration: float
  exploration_ramp: int
  exploration_least: float
  updates_per_test: int
  test_episodes: int
  total_episodes: int
  open_loop_context: int
  updates_per_log: int
  keep_checkpoints: int

  def __post_init__(self) -> None:
    may_be_zero = {'seed', 'exploration', 'exploration_least', 'test_episodes'}
    unbounded = {'task', 'collection', 'exploration_ramp'}
    for name, value in dataclasses.asdict(self).items():
      least = 0 if name in may_be_zero else 1
      if name not in unbounded and value < least:
        raise ValueError(f'{name} must be at least {least}, got {value}.')
    if self.exploration_least > 1:
      raise ValueError(
        f'exploration_least must be at most 1, got {self.exploration_least}.'
      )
    if self.seed >= 2**31:
      raise ValueError(f'seed must be below 2**31, got {self.seed}.')
    if self.total_episodes < self.seed_episodes:
      raise ValueError(
        f'total_episodes={self.total_episodes} must be at least '
        f'seed_episodes={self.seed_episodes}, which are part of them.'
      )


make_train_settings = settings(TrainSettings, name='train')
