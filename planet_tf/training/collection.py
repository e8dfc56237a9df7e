"""Collection of training data: random episodes, then those of the agents.

Source: paper, algorithm 1; original: training/define_model.py and
scripts/configs.py (_initial_collection, _active_collection).
"""

import dataclasses
from collections.abc import Callable, Mapping

from planet_tf.agent import PlanetAgent
from planet_tf.config.settings import CollectSettings, TrainSettings
from planet_tf.control.simulate import Simulation
from planet_tf.logs.recorder import Recorder
from planet_tf.ops.linear_ramp import linear
from planet_tf.runs.counters import Counters
from planet_tf.training import scores
from planet_tf.training.collector import Collector
from planet_tf.training.schedule import Schedule, Turn
from planet_tf.training.seeds import make_seed


@dataclasses.dataclass
class Collection:
  """Collects training data.

  Attributes:
    settings: Settings of the run.
    schedule: When to collect.
    agents: Agent of each collection, by its name.
    collectors: Collector of each task, by its name.
    recorder: Takes the returns.
  """

  settings: TrainSettings
  schedule: Schedule
  agents: Mapping[str, PlanetAgent]
  collectors: Mapping[str, Collector]
  recorder: Recorder

  def is_due(self, counters: Counters) -> bool:
    """Whether episodes are missing after so many updates."""
    collected = self.schedule.episodes(counters.updates)
    wanted = self.settings.seed_episodes + collected
    return counters.episodes < wanted * len(self.collectors)

  def run(
    self, counters: Counters, on_decision: Callable[[], None]
  ) -> list[str]:
    """Collects the next episodes, side by side, and counts them.

    Args:
      counters: Counters of the run; those of the data go up.
      on_decision: Called after each decision.

    Returns:
      A line about each episode.
    """
    number = counters.episodes
    turn = self._turn(number)
    task = list(self.collectors)[turn.task]
    collector = self.collectors[task]
    count = min(turn.episodes, collector.envs.count)
    settings = self.schedule.collections.get(turn.collection)
    if settings is None or settings.policy == 'random':
      result = collector.collect_random(number, count, on_decision)
    else:
      seed = make_seed(self.settings.seed, 'train-agent', number)
      noise = exploration(settings, counters.updates)
      policy = self.agents[turn.collection].policy(seed, noise)
      result = collector.collect(policy, number, count, on_decision)
    suffix = scores.suffix(
      (task, self.collectors), (turn.collection, self.schedule.collections)
    )
    return self._record(result, counters, collector, suffix)

  def _turn(self, number: int) -> Turn:
    """Whose turn it is to collect the episode of a number."""
    tasks, seeds = len(self.collectors), self.settings.seed_episodes
    if number >= seeds * tasks:
      return self.schedule.turn(number - seeds * tasks, tasks)
    task, done = divmod(number, seeds)
    return Turn('', task, seeds - done)

  def _record(
    self,
    result: Simulation,
    counters: Counters,
    collector: Collector,
    suffix: str,
  ) -> list[str]:
    lines = []
    for episode in result.episodes:
      decisions = len(episode['reward']) - 1
      counters.episodes += 1
      counters.decisions += decisions
      counters.env_steps += decisions * collector.envs.action_repeat
      (value,) = scores.returns_of([episode])
      metrics = {
        'return': value,
        'episode_length': decisions,
        'seconds_per_decision': result.policy_seconds / result.decisions,
        'seconds_per_env_decision': result.env_seconds / result.decisions,
      }
      metrics = {name + suffix: value for name, value in metrics.items()}
      self.recorder.scalars('train', counters, metrics)
      lines.append(
        f'episode {counters.episodes} after {counters.updates} updates: '
        f'return{suffix} {value:.1f}'
      )
    return lines


def exploration(settings: CollectSettings, updates: int) -> float:
  """Standard deviation of the action noise at this moment."""
  factor = linear(updates, settings.exploration_ramp, settings.exploration_min)
  return settings.exploration * factor
