"""Fixtures: a small agent with random weights and its functions."""

import numpy as np
import pytest

from planet_tf.agent import PlanetAgent
from planet_tf.config import factories, gin_files, model_factories
from planet_tf.exporting import metadata
from planet_tf.exporting.functions import AgentFunctions
from planet_tf.runs.counters import Counters


def make_agent(*params, actions=2):
  """Returns an agent of the toy task at debug size."""
  gin_files.parse(['tasks/dummy.gin', 'scale/debug.gin'], params)
  model = model_factories.make_world_model(actions, seed=3)
  bound = np.ones(actions, np.float32)
  return PlanetAgent(model, factories.make_planner(), -bound, bound)


@pytest.fixture(scope='session')
def agent():
  return make_agent(
    "make_world_model.precision = 'float32'", 'make_world_model.num_splits = 1'
  )


@pytest.fixture(scope='session')
def functions(agent):
  """Functions of the agent, which are traced once for all tests."""
  return AgentFunctions(agent)


@pytest.fixture(scope='session')
def facts(agent):
  """Metadata of exports of the agent."""
  task = {'tasks': {'dummy': {'action_repeat': 2}}}
  return metadata.describe(agent, task, Counters(updates=7), 'float32')
