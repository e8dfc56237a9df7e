"""A small agent with random weights."""

import pytest

from planet_tf.agent import PlanetAgent
from planet_tf.config import factories, gin_files, model_factories
from planet_tf.runs.counters import Counters


def make_agent(*params, actions=2):
  """An agent of the toy task at debug size."""
  import numpy as np

  gin_files.parse(['tasks/dummy.gin', 'scale/debug.gin'], params)
  model = model_factories.make_world_model(actions, seed=3)
  bound = np.ones(actions, np.float32)
  return PlanetAgent(model, factories.make_planner(), -bound, bound)


@pytest.fixture(scope='session')
def agent():
  return make_agent()


@pytest.fixture(scope='session')
def facts(agent):
  """Metadata of its exports."""
  from planet_tf.exporting import metadata

  task = {'tasks': {'dummy': {'action_repeat': 2}}}
  return metadata.describe(agent, task, Counters(updates=7), 'float32')
