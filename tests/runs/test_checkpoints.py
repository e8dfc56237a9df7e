"""Tests of checkpoints: what they restore and what they refuse."""

import numpy as np
import pytest
import tensorflow as tf

import planet_tf
from planet_tf.config import gin_files, model_factories
from planet_tf.models import SSM
from planet_tf.networks import Decoder, Encoder, FeedForward
from planet_tf.runs.checkpoints import (
  CheckpointError,
  Checkpoints,
  restore_model,
)
from planet_tf.runs.variable_names import optimizer_names, weight_names
from planet_tf.world_model import WorldModel

DEBUG = ['tasks/dummy.gin', 'scale/debug.gin']


def _model(seed, *params):
  gin_files.parse(DEBUG, params)
  model = model_factories.make_world_model(2, seed=seed)
  model_factories.compile_model(model)
  return model


def _scramble(variables, seed):
  """Gives each variable different values, so that a swap shows."""
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


def test_restore_sets_every_variable_of_model_and_optimizer(saved):
  folder, model, position = saved
  other = _model(2)
  assert Checkpoints(folder, other, keep=2).restore() == position
  _assert_equal(model.variables, other.variables)
  _assert_equal(model.optimizer.variables, other.optimizer.variables)


def test_restore_model_needs_no_optimizer(saved):
  folder, model, position = saved
  gin_files.parse(DEBUG)
  other = model_factories.make_world_model(2, seed=2)
  assert len(other.variables) == len(model.variables) == 40
  assert restore_model(folder, other) == position
  _assert_equal(model.variables, other.variables)


def test_load_agent_has_the_trained_weights(tmp_path):
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
  'param, difference',
  [
    (
      'make_world_model.dynamics_layers = 2',
      'it lacks weights/dynamics/transition_in1/kernel',
    ),
    (
      'make_world_model.belief_size = 7',
      r'dynamics/gru/w_ru has shape \(20, 20\) instead of \(17, 14\)',
    ),
    (
      'make_world_model.dynamics = "ssm"',
      'it lacks weights/dynamics/transition_hidden/kernel.* and [0-9]+ more',
    ),
  ],
)
def test_another_model_is_refused(saved, param, difference):
  folder, _, _ = saved
  other = _model(1, param)
  message = f'is of another model: .*{difference}'
  for restore in (
    lambda: restore_model(folder, other),
    Checkpoints(folder, other, keep=2).restore,
  ):
    with pytest.raises(CheckpointError, match=message) as caught:
      restore()
    text = str(caught.value)
    assert '\n' not in text
    assert 1 <= text.count('weights/') + text.count('optimizer/') <= 3


def _small_model(names, seed):
  """A model whose heads have equal shapes and are created in this order."""
  heads = {'image': Decoder()}
  for name in names:
    heads[name] = FeedForward(num_layers=1, units=4)
  model = WorldModel(
    Encoder(), SSM(3, 4), heads, action_size=2, frozen_heads=names[-1:]
  )
  gin_files.parse(DEBUG)
  model_factories.compile_model(model)
  _scramble(model.variables, seed)
  _scramble(model.optimizer_variables, seed + 1)
  return model


def test_layers_of_equal_shape_are_restored_by_name(tmp_path):
  model = _small_model(['reward', 'left', 'right'], 1)
  Checkpoints(tmp_path, model, keep=1).save({})
  other = _small_model(['left', 'reward', 'right'], 3)
  Checkpoints(tmp_path, other, keep=1).restore()
  for names in (weight_names, optimizer_names):
    one, two = names(model), names(other)
    assert list(one) != list(two)
    assert set(one) == set(two)
    for name in one:
      np.testing.assert_array_equal(one[name], two[name], err_msg=name)


def test_layers_of_equal_shape_and_other_names_are_refused(tmp_path):
  model = _small_model(['reward', 'left', 'right'], 1)
  Checkpoints(tmp_path, model, keep=1).save({})
  other = _small_model(['reward', 'left', 'up'], 3)
  with pytest.raises(CheckpointError, match='it lacks weights/heads/up/'):
    restore_model(tmp_path, other)


@pytest.mark.parametrize('dynamics', ['rssm', 'ssm', 'drnn', 'rnn'])
def test_names_do_not_depend_on_models_built_before(dynamics):
  param = f'make_world_model.dynamics = {dynamics!r}'
  one, two = _model(1, param), _model(1, param)
  assert list(weight_names(one)) == list(weight_names(two))
  assert list(optimizer_names(one)) == list(optimizer_names(two))
  assert len(weight_names(one)) == len(one.variables)
  assert len(optimizer_names(one)) == len(one.optimizer_variables)
  for name, weight in weight_names(one).items():
    assert optimizer_names(one)[f'main/{name}/momentum'].shape == weight.shape


def test_another_format_is_refused(saved):
  folder, model, _ = saved
  (index,) = folder.glob('*.index')
  path = str(index).removesuffix('.index')
  # Format 1: variables by position and no header.
  checkpoint = tf.train.Checkpoint(
    weights=[variable.value for variable in model.variables],
    position=_State(),
  )
  checkpoint.write(path)
  message = 'has format 1 of planet_tf 0.1.0, and .* reads format 2; use'
  with pytest.raises(CheckpointError, match=message):
    restore_model(folder, model)
  with pytest.raises(CheckpointError, match=message):
    Checkpoints(folder, model, keep=2).restore()


class _State(tf.train.experimental.PythonState):
  def serialize(self):
    return '{}'

  def deserialize(self, string_value):
    del string_value


def test_checkpoint_of_another_program_is_refused(saved):
  folder, model, _ = saved
  (index,) = folder.glob('*.index')
  path = str(index).removesuffix('.index')
  tf.train.Checkpoint(step=tf.Variable(1)).write(path)
  with pytest.raises(CheckpointError, match='not a checkpoint of planet_tf'):
    restore_model(folder, model, path)


def test_full_disk_ends_in_one_line(saved, monkeypatch):
  folder, model, _ = saved
  checkpoints = Checkpoints(folder, model, keep=2)

  def fail(*args, **kwargs):
    raise tf.errors.ResourceExhaustedError(None, None, 'No space left')

  monkeypatch.setattr(tf.train.CheckpointManager, 'save', fail)
  with pytest.raises(CheckpointError, match='No space left.*free disk space'):
    checkpoints.save({})


def test_no_checkpoint(tmp_path):
  assert Checkpoints(tmp_path, _model(1), keep=2).restore() is None
  with pytest.raises(CheckpointError, match='train for at least one episode'):
    restore_model(tmp_path, _model(1))


def test_damaged_checkpoint_is_named_in_the_message(saved):
  folder, model, _ = saved
  (index,) = folder.glob('*.index')
  index.write_bytes(b'damaged')
  with pytest.raises(CheckpointError, match='cannot be read') as caught:
    restore_model(folder, model)
  assert '\n' not in str(caught.value)


def test_restore_falls_back_to_the_previous_checkpoint(saved, capsys):
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
  assert 'Resuming from' in capsys.readouterr().out
  data.unlink()
  with pytest.raises(CheckpointError, match='cannot be read'):
    restore_model(folder, _model(2))


def test_initial_weights_depend_on_the_seed_alone():
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
