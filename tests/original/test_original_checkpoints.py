"""A checkpoint of the original: its outputs, and invalid checkpoints."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf import distributions
from planet_tf.config import gin_files, model_factories
from planet_tf.data.preprocess import bin_centers
from planet_tf.original.checkpoints import (
  assign,
  count_updates,
  read_checkpoint,
)
from planet_tf.original.variables import adam_slots, original_variables
from planet_tf.runs.checkpoints import CheckpointError


@pytest.fixture(scope='module')
def values(golden_root):
  return read_checkpoint(str(golden_root / 'checkpoint' / 'model.ckpt-2510'))


def _model(*params, components=None):
  gin_files.parse([], params)
  model = model_factories.make_world_model(1, components=components)
  model_factories.compile_model(model)
  return model


@pytest.fixture(scope='module')
def model(values):
  model = _model()
  assert not assign(model, values, 250)  # The file has no state of Adam.
  return model


@pytest.fixture(scope='module')
def outputs(golden_root):
  with np.load(golden_root / 'checkpoint_outputs.npz') as data:
    return {key: data[key] for key in data.files}


def _state(data, prefix):
  state = {k: data[f'{prefix}/{k}'] for k in ('mean', 'stddev', 'sample')}
  return {**state, 'belief': data[f'{prefix}/rnn_state']}


def _images(outputs):
  return bin_centers(outputs['image_uint8'], 5) - 0.5 / 32


def test_observe_equals_the_original(model, outputs, relative_error):
  images = _images(outputs)
  embedding = model.encoder(images)
  assert relative_error(embedding, outputs['embedding']) < 1e-5
  states = model.observe(images, tf.constant(outputs['action']))
  for name, state in zip(('prior', 'posterior'), states, strict=True):
    for key, expected in _state(outputs, name).items():
      assert relative_error(state[key], expected) < 1e-5, (name, key)
  prior, posterior = states
  divergence = distributions.divergence(posterior, prior)
  assert relative_error(divergence, outputs['divergence']) < 1e-4
  predicted = model.predict_heads(posterior)
  assert relative_error(predicted['reward'], outputs['reward_mean']) < 1e-5
  assert relative_error(predicted['image'], outputs['image_mean']) < 1e-5
  reward = model.predict_heads(prior)['reward']
  assert relative_error(reward, outputs['prior_reward_mean']) < 1e-5


def test_imagine_equals_the_original(model, outputs, relative_error):
  context = int(outputs['context'])
  actions = tf.constant(outputs['action'])
  _, posterior = model.observe(
    _images(outputs)[:, :context], actions[:, :context]
  )
  last = {name: x[:, -1] for name, x in posterior.items()}
  future = model.imagine(last, actions[:, context:])
  states = {k: tf.concat([posterior[k], future[k]], 1) for k in posterior}
  for key, expected in _state(outputs, 'open_loop').items():
    assert relative_error(states[key], expected) < 1e-5, key
  predicted = model.predict_heads(states)
  expected = outputs['open_loop_reward_mean']
  assert relative_error(predicted['reward'], expected) < 1e-5
  shown = predicted['image'].numpy()[:, [0, 4, 8]]
  assert relative_error(shown, outputs['open_loop_image_mean']) < 1e-5


def test_updates_are_counted_without_test_batches(values):
  assert count_updates(values, batch=10, updates_per_evaluation=250) == 250
  # Ten epochs of the original's default: 1000 updates and one test batch.
  step = {'global_step': np.array(10 * 50050)}
  assert count_updates(step, batch=50, updates_per_evaluation=1000) == 10000
  assert count_updates({}, batch=50, updates_per_evaluation=1000) == 0


def test_state_of_adam_is_assigned():
  model = _model()
  values = {k: np.array(v) for k, v in original_variables(model).items()}
  slots = adam_slots(model.optimizer, model)
  for index, (name, slot) in enumerate(slots.items()):
    values[name] = np.full(slot.shape, index, np.float32)
  assert assign(model, values, 7)
  assert int(model.optimizer.iterations) == 7
  for name, slot in adam_slots(model.optimizer, model).items():
    np.testing.assert_array_equal(slot, values[name])


def test_wrong_shapes_are_listed(values):
  model = _model('make_world_model.state_size = 20')
  with pytest.raises(CheckpointError) as error:
    assign(model, values, 0)
  message = str(error.value)
  assert 'of another size: graph/' in message
  assert 'head_reward/dense/kernel (230, 300) instead of (220, 300)' in message


def test_missing_and_surplus_variables_are_listed(values):
  model = _model('make_world_model.state_diagnostics = True')
  changed = dict(values)
  changed['graph/head_velocity/dense/kernel'] = np.zeros((230, 300))
  del changed['graph/encoder/conv2d/bias']
  with pytest.raises(CheckpointError) as error:
    assign(model, changed, 0)
  assert 'missing: graph/encoder/conv2d/bias' in str(error.value)
  assert 'not in this model: graph/head_velocity' in str(error.value)


def test_other_dynamics_are_an_error(values):
  for kind in ('ssm', 'rnn'):
    model = _model(f'make_world_model.dynamics = "{kind}"')
    with pytest.raises(CheckpointError, match='missing|no RNN'):
      assign(model, values, 0)


def test_missing_checkpoint_is_an_error(tmp_path):
  with pytest.raises(CheckpointError, match='model.ckpt-1'):
    read_checkpoint(str(tmp_path / 'model.ckpt-1'))


def test_damaged_checkpoint_is_an_error(golden_root, tmp_path):
  for path in (golden_root / 'checkpoint').glob('model.ckpt-2510.*'):
    content = path.read_bytes()
    (tmp_path / path.name).write_bytes(content[: len(content) // 2])
  with pytest.raises(CheckpointError, match='damaged'):
    read_checkpoint(str(tmp_path / 'model.ckpt-2510'))
