"""Counters of a run."""

import dataclasses


@dataclasses.dataclass
class Counters:
  """Counters of a run; they include the seed episodes.

  Attributes:
    updates: Optimizer steps.
    episodes: Episodes of training data.
    decisions: Agent actions in the episodes of training data.
    env_steps: Decisions times action repeat.
    test_episodes: Episodes of test data.
    tests: Completed evaluations.
  """

  updates: int = 0
  episodes: int = 0
  decisions: int = 0
  env_steps: int = 0
  test_episodes: int = 0
  tests: int = 0

  def as_dict(self) -> dict[str, int]:
    """The counters by name."""
    return dataclasses.asdict(self)
