"""The test phase: losses, open-loop predictions, episodes without noise.

Source: original: training/define_summaries.py and the phase `test` of
training/trainer.py.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from planet_tf.agent import PlanetAgent
from planet_tf.training import evaluation, open_loop
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
      lambda batch: open_loop.predict(self.model, batch, context)
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
    metrics.update(self._show_predictions(batch, counters))
    returns = self._run_episodes(counters.test_episodes, on_decision)
    counters.test_episodes += len(returns)
    counters.tests += 1
    if returns:
      statistics = evaluation.describe_returns(returns)
      metrics['return'] = statistics['mean']
      metrics['return_median'] = statistics['median']
    return metrics

  def _run_episodes(
    self, first: int, on_decision: Callable[[], None]
  ) -> list[float]:
    """Returns of episodes without noise; `first` is the number of the first."""
    returns = []
    while len(returns) < self.settings.test_episodes:
      left = self.settings.test_episodes - len(returns)
      count = min(self.data.envs.count, left)
      number = first + len(returns)
      seed = make_seed(self.settings.seed, 'test-agent', number)
      policy = self.agent.policy(seed)
      result = self.data.collect(policy, number, count, on_decision)
      returns += evaluation.returns_of(result.episodes)
    return returns

  def _show_predictions(
    self, batch: Mapping[str, np.ndarray], counters: Counters
  ) -> dict[str, float]:
    predicted = self._predict(batch)
    bits = self.model.image_bits
    strip = open_loop.strip(predicted, bits)
    self.recorder.image('test', counters, 'open_loop_strip', strip)
    frames = open_loop.frames(predicted, bits)
    self.recorder.animation('test', counters, 'open_loop', frames)
    context = self.settings.open_loop_context
    return open_loop.metrics(predicted, batch['reward'], context)
