"""Collects training data: random seed episodes, then episodes of the agents.

Source: paper, algorithm 1; original: training/define_model.py and
scripts/configs.py (_initial_collection, _active_collection).
"""

import dataclasses
from collections.abc import Callable, Mapping

from planet_tf.agent import PlanetAgent
from planet_tf.config.settings import CollectSettings, TrainSettings
from planet_tf.control.simulate import Simulation
from planet_tf.logs.metric_names import metric_suffix
from planet_tf.logs.recorder import Recorder
from planet_tf.ops.linear_ramp import linear
from planet_tf.runs.counters import Counters
from planet_tf.training.collector import Collector
from planet_tf.training.schedule import NextEpisodes, Schedule
from planet_tf.training.scores import returns_of
from planet_tf.training.seeds import make_seed


@dataclasses.dataclass
class Collection:
  """Collects training data and records the returns.

  Attributes:
    settings: Settings of the run.
    schedule: When to collect.
    agents: Agent of each collection, by the collection's name.
    collectors: Collector of each task, by the task's name.
    recorder: Recorder of the run.
  """

  settings: TrainSettings
  schedule: Schedule
  agents: Mapping[str, PlanetAgent]
  collectors: Mapping[str, Collector]
  recorder: Recorder

  def is_due(self, counters: Counters) -> bool:
    """Returns whether fewer episodes exist than the schedule asks for."""
    collected = self.schedule.episodes(counters.updates)
    wanted = self.settings.seed_episodes + collected
    return counters.episodes < wanted * len(self.collectors)

  def run(
    self, counters: Counters, on_decision: Callable[[], None]
  ) -> list[str]:
    """Collects the next episodes in parallel.

    Args:
      counters: Counters of the run; this method increments those of the data.
      on_decision: Called after each decision.

    Returns:
      One line of text per episode, to print.
    """
    number = counters.episodes
    due = self._next_episodes(number)
    task = list(self.collectors)[due.task]
    collector = self.collectors[task]
    count = min(due.episodes, collector.envs.count)
    settings = self.schedule.collections.get(due.collection)
    if settings is None or settings.policy == 'random':
      result = collector.collect_random(number, count, on_decision)
    else:
      seed = make_seed(self.settings.seed, 'train-agent', number)
      noise = exploration(settings, counters.updates)
      policy = self.agents[due.collection].policy(seed, noise)
      result = collector.collect(policy, number, count, on_decision)
    ending = metric_suffix(
      (task, self.collectors), (due.collection, self.schedule.collections)
    )
    return self._record(result, counters, collector, ending)

  def _next_episodes(self, number: int) -> NextEpisodes:
    """Returns what to collect next, seed episodes first."""
    tasks, seeds = len(self.collectors), self.settings.seed_episodes
    if number >= seeds * tasks:
      return self.schedule.next_episodes(number - seeds * tasks, tasks)
    task, done = divmod(number, seeds)
    return NextEpisodes('', task, seeds - done)

  def _record(
    self,
    result: Simulation,
    counters: Counters,
    collector: Collector,
    ending: str,
  ) -> list[str]:
    """Counts and records episodes; returns one line of text for each."""
    lines = []
    for episode in result.episodes:
      decisions = len(episode['reward']) - 1
      counters.episodes += 1
      counters.decisions += decisions
      counters.env_steps += decisions * collector.envs.action_repeat
      (value,) = returns_of([episode])
      metrics = {
        'return': value,
        'episode_length': decisions,
        'seconds_per_decision': result.policy_seconds / result.decisions,
        'seconds_per_env_decision': result.env_seconds / result.decisions,
      }
      metrics = {name + ending: value for name, value in metrics.items()}
      self.recorder.scalars('train', counters, metrics)
      lines.append(
        f'episode {counters.episodes} after {counters.updates} updates: '
        f'return{ending} {value:.1f}'
      )
    return lines


def exploration(settings: CollectSettings, updates: int) -> float:
  """Returns the standard deviation of the action noise after these updates."""
  factor = linear(updates, settings.exploration_ramp, settings.exploration_min)
  return settings.exploration * factor
