"""Checkpoints hold every weight, and say so when they do not fit."""

import numpy as np
import pytest

import planet_tf
from planet_tf.config import gin_files, model_factories
from planet_tf.runs.checkpoints import (
  CheckpointError,
  Checkpoints,
  restore_model,
)

DEBUG = ['tasks/dummy.gin', 'scale/debug.gin']


def _model(seed, *params):
  gin_files.parse(DEBUG, params)
  model = model_factories.make_world_model(2, seed=seed)
  model_factories.compile_model(model)
  return model


def _scramble(variables, seed):
  """Gives each variable values of its own, so that a swap shows."""
  generator = np.random.default_rng(seed)
  for variable in variables:
    variable.assign(generator.uniform(0, 9, variable.shape))


def _assert_equal(one, two):
  assert len(one) == len(two)
  for a, b in zip(one, two, strict=True):
    np.testing.assert_array_equal(a, b, err_msg=a.path)


@pytest.fixture
def saved(tmp_path):
  model = _model(1)
  _scramble(model.variables, 1)
  _scramble(model.optimizer.variables, 2)
  position = {'counters': {'updates': 7}}
  Checkpoints(tmp_path, model, keep=2).save(position)
  return tmp_path, model, position


def test_restores_every_variable_of_model_and_optimizer(saved):
  folder, model, position = saved
  other = _model(2)
  assert Checkpoints(folder, other, keep=2).restore() == position
  _assert_equal(model.variables, other.variables)
  _assert_equal(model.optimizer.variables, other.optimizer.variables)


def test_restores_a_model_without_an_optimizer(saved):
  folder, model, position = saved
  gin_files.parse(DEBUG)
  other = model_factories.make_world_model(2, seed=2)
  assert len(other.variables) == len(model.variables) == 40
  assert restore_model(folder, other) == position
  _assert_equal(model.variables, other.variables)


def test_load_agent_acts_with_the_trained_weights(tmp_path):
  gin_files.parse(DEBUG, ['train.total_episodes = 1'])
  from planet_tf.training.run import train

  train(tmp_path)
  gin_files.parse(DEBUG)
  fresh = model_factories.make_world_model(2, seed=0)
  model = _model(0)
  checkpoints = Checkpoints(tmp_path / 'checkpoints', model, keep=2)
  position = checkpoints.restore()
  _scramble(model.variables, 3)
  checkpoints.save(position)
  agent = planet_tf.load_agent(tmp_path)
  _assert_equal(model.variables, agent.model.variables)
  assert not np.array_equal(fresh.variables[0], agent.model.variables[0])


@pytest.mark.parametrize(
  'param',
  ['make_world_model.dynamics_layers = 2', 'make_world_model.belief_size = 7'],
)
def test_another_model_is_refused(saved, param):
  folder, _, _ = saved
  other = _model(1, param)
  with pytest.raises(CheckpointError, match='is of another model: it has 40'):
    restore_model(folder, other)
  with pytest.raises(CheckpointError, match='is of another model: it has 40'):
    Checkpoints(folder, other, keep=2).restore()


def test_no_checkpoint(tmp_path):
  assert Checkpoints(tmp_path, _model(1), keep=2).restore() is None
  with pytest.raises(CheckpointError, match='train for at least one episode'):
    restore_model(tmp_path, _model(1))


def test_damaged_checkpoint_is_named(saved):
  folder, model, _ = saved
  (index,) = folder.glob('*.index')
  index.write_bytes(b'damaged')
  with pytest.raises(CheckpointError, match='cannot be read') as caught:
    restore_model(folder, model)
  assert '\n' not in str(caught.value)


def test_damaged_checkpoint_is_passed_over_for_the_one_before(saved, capsys):
  folder, model, _ = saved
  gin_files.parse(DEBUG)
  writer = Checkpoints(folder, model, keep=2)
  assert writer.restore() is not None
  _scramble(model.variables, 5)
  second = writer.save({'counters': {'updates': 9}})
  data = second.with_name(second.name + '.data-00000-of-00001')
  data.write_bytes(data.read_bytes()[:1000])
  assert Checkpoints(folder, _model(2), keep=2).restore() == {
    'counters': {'updates': 7}
  }
  assert 'Going on from' in capsys.readouterr().out
  data.unlink()
  with pytest.raises(CheckpointError, match='cannot be read'):
    restore_model(folder, _model(2))


def test_initial_weights_depend_on_the_seed_and_disturb_nothing():
  import random

  np.random.seed(3)
  random.seed(3)
  expected = np.random.uniform(), random.random()
  np.random.seed(3)
  random.seed(3)
  one, two, three = _model(5), _model(5), _model(6)
  assert (np.random.uniform(), random.random()) == expected
  _assert_equal(one.variables, two.variables)
  assert not np.array_equal(one.variables[0], three.variables[0])
