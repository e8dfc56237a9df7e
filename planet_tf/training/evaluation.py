"""Evaluates model and agent: losses, predictions, episodes without noise.

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
from planet_tf.data.episodes import Episode
from planet_tf.logs import images, predictions, summaries
from planet_tf.logs.metric_names import metric_suffix
from planet_tf.logs.recorder import Recorder
from planet_tf.logs.video import enlarge
from planet_tf.runs.counters import Counters
from planet_tf.training import scores
from planet_tf.training.collector import Collector
from planet_tf.training.seeds import make_integer_seed, make_seed
from planet_tf.world_model import WorldModel

# Decisions to predict open loop in the evaluation's episodes (figure 10).
LONG_HORIZON = 50


@dataclasses.dataclass
class Evaluation:
  """Evaluates the model on test data and the agents in the environments.

  Attributes:
    settings: Settings of the run.
    model: The world model.
    agents: Agent of each planner to evaluate, by the planner's name.
    collectors: Collector of each task, by the task's name.
    recorder: Recorder of the run.
  """

  settings: TrainSettings
  model: WorldModel
  agents: Mapping[str, PlanetAgent]
  collectors: Mapping[str, Collector]
  recorder: Recorder

  def __post_init__(self) -> None:
    context = self.settings.open_loop_context
    self._test = tf.function(self.model.batch_metrics, autograph=False)
    self._predict = tf.function(
      lambda batch: predictions.predict(self.model, batch, context),
      autograph=False,
      reduce_retracing=True,  # Episodes differ in length.
    )

  def lacks_seed_episodes(self, counters: Counters) -> bool:
    """Returns whether random episodes of test data are missing."""
    wanted = self.settings.seed_episodes * len(self.collectors)
    return counters.test_episodes < wanted

  def collect_seed_episodes(
    self, counters: Counters, on_decision: Callable[[], None]
  ) -> None:
    """Collects the next random episodes of test data in parallel.

    Args:
      counters: Counters of the run; this method increments `test_episodes`.
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
    """Runs one evaluation.

    The new episodes become test data. As in the original, the batch is drawn
    before them.

    Args:
      counters: Counters of the run; this method increments `tests` and
        `test_episodes`.
      on_decision: Called after each decision.

    Returns:
      Metrics by name, without `return` if the settings ask for no episodes;
      and the return of each episode as `episode_returns`, with a suffix for
      tasks and planners.
    """
    batch = self._sample_batch(counters)
    metrics = {k: float(v) for k, v in self._test(batch).items()}
    metrics.update(self._evaluate_predictions(batch, counters))
    episodes = self._run_agents(counters.test_episodes, on_decision)
    metrics.update(self._evaluate_returns(episodes, counters))
    self._record_long_prediction(episodes, counters)
    # Last, because an interrupted evaluation starts again from the beginning.
    counters.test_episodes += sum(map(len, episodes.values()))
    counters.tests += 1
    returns = {
      f'episode_returns{suffix}': scores.returns_of(some)
      for suffix, some in episodes.items()
      if some
    }
    return metrics, returns

  def _sample_batch(self, counters: Counters) -> dict[str, np.ndarray]:
    """Draws a batch of test data."""
    (directory,) = {x.directory for x in self.collectors.values()}
    sampler = make_sampler(
      directory,
      keys=self.model.batch_keys,
      seed=make_integer_seed(self.settings.seed, 'test-data', counters.tests),
    )
    return sampler.sample()

  def _evaluate_predictions(
    self, batch: Mapping[str, np.ndarray], counters: Counters
  ) -> dict[str, float]:
    """Returns metrics of the predictions for a batch; records images."""
    result = self._predict_arrays(batch)
    context = self.settings.open_loop_context
    summaries.record_predictions(self.recorder, counters, result, context)
    return {
      **predictions.metrics(result),
      **predictions.horizon_errors(result, context),
    }

  def _run_agents(
    self, number: int, on_decision: Callable[[], None]
  ) -> dict[str, list[Episode]]:
    """Runs episodes without noise in each task with each planner.

    Args:
      number: Number of the first episode.
      on_decision: Called after each decision.

    Returns:
      Episodes by the suffix of their metrics.
    """
    result = {}
    for task, collector in self.collectors.items():
      for planner, agent in self.agents.items():
        suffix = metric_suffix((task, self.collectors), (planner, self.agents))
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
    """Runs episodes without noise; `first` is the number of the first one."""
    episodes: list[Episode] = []
    while len(episodes) < self.settings.evaluation_episodes:
      left = self.settings.evaluation_episodes - len(episodes)
      count = min(collector.envs.count, left)
      number = first + len(episodes)
      policy = agent.policy(make_seed(self.settings.seed, 'test-agent', number))
      result = collector.collect(policy, number, count, on_decision)
      episodes += result.episodes
    return episodes

  def _evaluate_returns(
    self, episodes: Mapping[str, Sequence[Episode]], counters: Counters
  ) -> dict[str, float]:
    """Returns metrics of the returns; records videos of the first episodes."""
    if not self.settings.evaluation_episodes:
      return {}
    metrics: dict[str, float] = {}
    all_returns: list[float] = []
    for suffix, some in episodes.items():
      returns = scores.returns_of(some)
      metrics[f'return{suffix}'] = float(np.mean(returns))
      all_returns += returns
      video = enlarge(some[0]['image'])
      name = f'episode{suffix}'
      self.recorder.animation('test', counters, name, video, rate=20.0)
    metrics['return'] = float(np.mean(all_returns))
    metrics['return_median'] = float(np.percentile(all_returns, 50))
    return metrics

  def _record_long_prediction(
    self, episodes: Mapping[str, Sequence[Episode]], counters: Counters
  ) -> None:
    """Records long open-loop predictions as in figures 10 and 11."""
    chosen = interleave(episodes.values())[: images.MAX_CHUNKS]
    context = self.settings.open_loop_context
    steps = [len(episode['reward']) for episode in chosen]
    length = min([context + LONG_HORIZON, *steps])
    if length <= context or not chosen:
      return
    batch = {
      key: np.stack([episode[key][:length] for episode in chosen])
      for key in self.model.batch_keys
    }
    # Recorded episodes have rewards in float64, batches in float32.
    batch['reward'] = batch['reward'].astype(np.float32)
    result = self._predict_arrays(batch)
    summaries.record_open_loop(
      self.recorder, counters, 'open_loop_long', result, context
    )

  def _predict_arrays(
    self, batch: Mapping[str, np.ndarray]
  ) -> predictions.Predictions:
    """Returns predictions for a batch as arrays."""
    return tf.nest.map_structure(np.asarray, self._predict(batch))


def interleave(groups: Iterable[Sequence[Episode]]) -> list[Episode]:
  """Returns the first episode of each group, then the second ones, etc."""
  rounds = itertools.chain(*itertools.zip_longest(*groups))
  return [episode for episode in rounds if episode is not None]
