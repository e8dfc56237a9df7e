"""The test phase: losses, open-loop predictions, episodes without noise.

Source: original: training/define_summaries.py and the phase `test` of
training/trainer.py.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from planet_tf.agent import PlanetAgent
from planet_tf.training import evaluation, pictures, views
from planet_tf.training.collection import Collector
from planet_tf.training.counters import Counters
from planet_tf.training.factories import make_sampler
from planet_tf.training.seeds import make_integer_seed, make_seed
from planet_tf.training.summaries import Recorder
from planet_tf.training.train_settings import TrainSettings
from planet_tf.world_model import WorldModel


@dataclasses.dataclass
class TestPhase:
  """Tests the agent and its model.

  Attributes:
    settings: Settings of the run.
    model: The world model.
    agent: The agent.
    data: Collector of test episodes.
    recorder: Takes the pictures.
  """

  __test__ = False  # It is not a test of pytest's.

  settings: TrainSettings
  model: WorldModel
  agent: PlanetAgent
  data: Collector
  recorder: Recorder

  def __post_init__(self) -> None:
    context = self.settings.open_loop_context
    self._test = tf.function(self.model.test_step)
    self._predict = tf.function(
      lambda batch: views.predict(self.model, batch, context)
    )

  def run(
    self, counters: Counters, on_decision: Callable[[], None]
  ) -> dict[str, float]:
    """Runs one phase and counts it.

    As in the original, the batch is drawn before the new episodes, which
    become test data too.

    Args:
      counters: Counters of the run; `tests` and `test_episodes` go up.
      on_decision: Called after each decision.

    Returns:
      Metrics by name; `return` is missing if there are no episodes.
    """
    sampler = make_sampler(
      self.data.directory,
      keys=self.model.batch_keys,
      seed=make_integer_seed(self.settings.seed, 'test-data', counters.tests),
    )
    batch = sampler.sample()
    metrics = {k: float(v) for k, v in self._test(batch).items()}
    metrics.update(self._describe(batch, counters))
    episodes = self._run_episodes(counters.test_episodes, on_decision)
    returns = evaluation.returns_of(episodes)
    counters.test_episodes += len(returns)
    counters.tests += 1
    if episodes:
      video = evaluation.video_frames(episodes[0])
      self.recorder.animation('test', counters, 'episode', video, rate=20.0)
      statistics = evaluation.describe_returns(returns)
      metrics['return'] = statistics['mean']
      metrics['return_median'] = statistics['median']
    return metrics

  def _run_episodes(
    self, first: int, on_decision: Callable[[], None]
  ) -> list[dict[str, np.ndarray]]:
    """Episodes without noise; `first` is the number of the first."""
    episodes = []
    while len(episodes) < self.settings.test_episodes:
      left = self.settings.test_episodes - len(episodes)
      count = min(self.data.envs.count, left)
      number = first + len(episodes)
      seed = make_seed(self.settings.seed, 'test-agent', number)
      policy = self.agent.policy(seed)
      result = self.data.collect(policy, number, count, on_decision)
      episodes += result.episodes
    return episodes

  def _describe(
    self, batch: Mapping[str, np.ndarray], counters: Counters
  ) -> dict[str, float]:
    """Metrics of what the model predicts; records pictures of it."""
    seen = tf.nest.map_structure(np.asarray, self._predict(batch))
    context = self.settings.open_loop_context
    truth = seen['truth']
    for view in views.NAMES:
      predicted = seen[view]['predicted']
      strip = pictures.strip(truth['image'], predicted['image'])
      self.recorder.image('test', counters, f'{view}/strip', strip)
      animation = pictures.frames(truth['image'], predicted['image'])
      self.recorder.animation('test', counters, f'{view}/animation', animation)
      small = {k: v for k, v in predicted.items() if k != 'image'}
      for name, values in {**small, 'entropy': seen[view]['entropy']}.items():
        self.recorder.histogram('test', counters, f'{view}/{name}', values)
    log_probs = {k: seen['open_loop']['log_prob'][k] for k in small}
    plot = pictures.trajectories(truth, small, log_probs, context)
    self.recorder.image('test', counters, 'open_loop/trajectories', plot)
    return {**views.metrics(seen), **views.horizon_errors(seen, context)}
