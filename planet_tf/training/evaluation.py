"""The test phase: losses, open-loop predictions, episodes without noise.

Source: original: training/define_summaries.py and the phase `test` of
training/trainer.py.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from planet_tf.agent import PlanetAgent
from planet_tf.config.factories import make_sampler
from planet_tf.config.settings import TrainSettings
from planet_tf.control.simulate import Episode
from planet_tf.logs import images, predictions
from planet_tf.logs.metric_names import metric_suffix
from planet_tf.logs.recorder import Recorder
from planet_tf.logs.video import enlarge
from planet_tf.runs.counters import Counters
from planet_tf.training import scores
from planet_tf.training.collector import Collector
from planet_tf.training.seeds import make_integer_seed, make_seed
from planet_tf.world_model import WorldModel

# Decisions that are predicted open loop in the episodes of a test (figure 10).
LONG_HORIZON = 50


def in_turns(groups: Iterable[Sequence[Episode]]) -> list[Episode]:
  """The first episode of each group, then the second of each, and so on."""
  rounds = itertools.chain(*itertools.zip_longest(*groups))
  return [episode for episode in rounds if episode is not None]


@dataclasses.dataclass
class Evaluation:
  """Tests the agent and its model.

  Attributes:
    settings: Settings of the run.
    model: The world model.
    agents: Agent of each planner that is tested, by its name.
    collectors: Collector of each task, by its name.
    recorder: Takes the pictures.
  """

  __test__ = False  # It is not a test of pytest's.

  settings: TrainSettings
  model: WorldModel
  agents: Mapping[str, PlanetAgent]
  collectors: Mapping[str, Collector]
  recorder: Recorder

  def __post_init__(self) -> None:
    context = self.settings.open_loop_context
    self._test = tf.function(self.model.test_step, autograph=False)
    self._predict = tf.function(
      lambda batch: predictions.predict(self.model, batch, context),
      autograph=False,
      reduce_retracing=True,  # Episodes may end early.
    )

  def lacks_seed_episodes(self, counters: Counters) -> bool:
    """Whether random episodes are missing, which tests draw batches from."""
    wanted = self.settings.seed_episodes * len(self.collectors)
    return counters.test_episodes < wanted

  def collect_seed_episodes(
    self, counters: Counters, on_decision: Callable[[], None]
  ) -> None:
    """Collects the next random episodes, side by side, and counts them.

    Args:
      counters: Counters of the run; `test_episodes` goes up.
      on_decision: Called after each decision.
    """
    number, seeds = counters.test_episodes, self.settings.seed_episodes
    index, done = divmod(number, seeds)
    task = list(self.collectors)[index]
    collector = self.collectors[task]
    count = min(collector.envs.count, seeds - done)
    result = collector.collect_random(number, count, on_decision)
    name = 'random_return' + metric_suffix((task, self.collectors))
    for value in scores.returns_of(result.episodes):
      counters.test_episodes += 1
      self.recorder.scalars('test', counters, {name: value})

  def run(
    self, counters: Counters, on_decision: Callable[[], None]
  ) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Runs one phase and counts it.

    As in the original, the batch is drawn before the new episodes, which
    become test data too.

    Args:
      counters: Counters of the run; `tests` and `test_episodes` go up.
      on_decision: Called after each decision.

    Returns:
      Metrics by name, of which `return` is missing if there are no episodes;
      and the return of every episode as `episode_returns`, with a suffix for
      tasks and planners.
    """
    (directory,) = {x.directory for x in self.collectors.values()}
    sampler = make_sampler(
      directory,
      keys=self.model.batch_keys,
      seed=make_integer_seed(self.settings.seed, 'test-data', counters.tests),
    )
    batch = sampler.sample()
    metrics = {k: float(v) for k, v in self._test(batch).items()}
    metrics.update(self._describe(batch, counters))
    episodes = self._act(counters.test_episodes, on_decision)
    metrics.update(self._describe_episodes(episodes, counters))
    self._show_long_prediction(episodes, counters)
    # Not before: a phase that is interrupted is run again as a whole.
    counters.test_episodes += sum(map(len, episodes.values()))
    counters.tests += 1
    returns = {
      f'episode_returns{suffix}': scores.returns_of(some)
      for suffix, some in episodes.items()
      if some
    }
    return metrics, returns

  def _act(
    self, number: int, on_decision: Callable[[], None]
  ) -> dict[str, list[Episode]]:
    """Episodes without noise, of each task with each planner.

    Args:
      number: Number of the first episode.
      on_decision: Called after each decision.

    Returns:
      Episodes by the suffix of their metrics.
    """
    result = {}
    for task, collector in self.collectors.items():
      for test, agent in self.agents.items():
        suffix = metric_suffix((task, self.collectors), (test, self.agents))
        episodes = self._run_episodes(agent, collector, number, on_decision)
        number += len(episodes)
        result[suffix] = episodes
    return result

  def _run_episodes(
    self,
    agent: PlanetAgent,
    collector: Collector,
    first: int,
    on_decision: Callable[[], None],
  ) -> list[Episode]:
    """Episodes without noise; `first` is the number of the first."""
    episodes = []
    while len(episodes) < self.settings.evaluation_episodes:
      left = self.settings.evaluation_episodes - len(episodes)
      count = min(collector.envs.count, left)
      number = first + len(episodes)
      policy = agent.policy(make_seed(self.settings.seed, 'test-agent', number))
      result = collector.collect(policy, number, count, on_decision)
      episodes += result.episodes
    return episodes

  def _describe_episodes(
    self, episodes: Mapping[str, Sequence[Episode]], counters: Counters
  ) -> dict[str, float]:
    """Metrics of the returns; records a picture of the first episodes."""
    if not self.settings.evaluation_episodes:
      return {}
    metrics, everything = {}, []
    for suffix, some in episodes.items():
      returns = scores.returns_of(some)
      metrics[f'return{suffix}'] = float(np.mean(returns))
      everything += returns
      video = enlarge(some[0]['image'])
      name = f'episode{suffix}'
      self.recorder.animation('test', counters, name, video, rate=20.0)
    statistics = scores.describe_returns(everything)
    metrics['return'] = statistics['mean']
    metrics['return_median'] = statistics['median']
    return metrics

  def _show_long_prediction(
    self, episodes: Mapping[str, Sequence[Episode]], counters: Counters
  ) -> None:
    """Records what is predicted far ahead, as in figures 10 and 11."""
    chosen = in_turns(episodes.values())[: images.COLUMNS]
    context = self.settings.open_loop_context
    steps = [len(episode['reward']) for episode in chosen]
    length = min([context + LONG_HORIZON, *steps])
    if length <= context or not chosen:
      return
    batch = {
      key: np.stack([episode[key][:length] for episode in chosen])
      for key in self.model.batch_keys
    }
    # In recorded episodes it has more bits than in batches.
    batch['reward'] = batch['reward'].astype(np.float32)
    seen = tf.nest.map_structure(np.asarray, self._predict(batch))
    self._show_pictures('open_loop_long', seen, 'open_loop', counters)

  def _show_pictures(
    self,
    name: str,
    seen: Mapping[str, Mapping],
    view: str,
    counters: Counters,
  ) -> None:
    """Records the pictures of a view under a name."""
    truth, predicted = seen['truth'], seen[view]['predicted']
    strip = images.strip(truth['image'], predicted['image'])
    self.recorder.image('test', counters, f'{name}/strip', strip)
    animation = images.frames(truth['image'], predicted['image'])
    self.recorder.animation('test', counters, f'{name}/animation', animation)
    if view != 'open_loop':
      return
    small = {k: v for k, v in predicted.items() if k != 'image'}
    log_probs = {k: seen[view]['log_prob'][k] for k in small}
    context = self.settings.open_loop_context
    plot = images.trajectories(truth, small, log_probs, context)
    self.recorder.image('test', counters, f'{name}/trajectories', plot)

  def _describe(
    self, batch: Mapping[str, np.ndarray], counters: Counters
  ) -> dict[str, float]:
    """Metrics of what the model predicts; records pictures of it."""
    seen = tf.nest.map_structure(np.asarray, self._predict(batch))
    context = self.settings.open_loop_context
    for view in predictions.NAMES:
      self._show_pictures(view, seen, view, counters)
      values = {**seen[view]['predicted'], 'entropy': seen[view]['entropy']}
      del values['image']
      for name, numbers in values.items():
        self.recorder.histogram('test', counters, f'{view}/{name}', numbers)
    return {
      **predictions.metrics(seen),
      **predictions.horizon_errors(seen, context),
    }
