"""Models, objectives and optimizers from settings, and runs with them."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.config import gin_files, model_factories
from planet_tf.config.model_settings import make_world_model_settings
from planet_tf.config.registry import ConfigurationError
from planet_tf.config.settings import make_collect_settings
from planet_tf.training.collection import exploration

EXPERIMENTS = sorted(
  path.name
  for path in (gin_files.shipped_files() / 'experiments').glob('*.gin')
)
DEBUG = ('tasks/dummy.gin', 'scale/debug.gin')


@pytest.mark.parametrize('name', EXPERIMENTS)
def test_experiments_update(name):
  gin_files.parse([*DEBUG, f'experiments/{name}'])
  model, batch = _build()
  # Priors may stay the same while the divergence is below the free nats.
  layers = [model.encoder, *model.heads.values()]
  variables = [v for layer in layers for v in layer.trainable_variables]
  before = [np.array(v) for v in variables]
  metrics = model.update(batch)
  assert all(np.isfinite(value) for value in metrics.values())
  for variable, old in zip(variables, before, strict=True):
    assert np.any(np.array(variable) != old), variable.path


def _model(*params):
  gin_files.parse([], ['make_world_model.belief_size = 20', *params])
  return _build()


def _build():
  model = model_factories.make_world_model(2, components={'joint': 3}, seed=1)
  model_factories.compile_model(model)
  random = np.random.default_rng(0)
  batch = {
    'image': random.integers(0, 256, (2, 4, 64, 64, 3), np.uint8),
    'action': random.normal(size=(2, 4, 2)),
    'reward': random.normal(size=(2, 4)),
    'joint': random.normal(size=(2, 4, 3)),
  }
  batch = {
    name: tf.constant(x, x.dtype if name == 'image' else 'float32')
    for name, x in batch.items()
  }
  return model, batch


def test_frozen_heads_do_not_change_the_latents():
  usual, batch = _model()
  diagnosed, _ = _model('make_world_model.state_diagnostics = True')
  assert diagnosed.frozen_heads == {'joint'}
  joint = diagnosed.heads['joint'].trainable_variables
  before = [np.array(variable) for variable in joint]
  usual.update(batch)
  diagnosed.update(batch)
  for variable, old in zip(joint, before, strict=True):
    assert np.any(np.array(variable) != old), variable.path
  own = {id(variable) for variable in joint}
  others = [v for v in diagnosed.trainable_variables if id(v) not in own]
  for one, two in zip(usual.trainable_variables, others, strict=True):
    np.testing.assert_array_equal(one, two, err_msg=one.path)


def test_heads_outside_gradient_heads_are_frozen():
  model, batch = _model('make_world_model.gradient_heads = ("reward",)')
  assert model.frozen_heads == {'image'}
  batch['image'] = tf.cast(batch['image'], tf.float32) / 255 - 0.5
  with tf.GradientTape() as tape:
    _, posterior = model.observe(batch['image'], batch['action'])
    loss = tf.reduce_sum(model.log_probs(posterior, batch)['image'])
  gradients = tape.gradient(loss, model.dynamics.trainable_variables)
  assert all(gradient is None for gradient in gradients)


@pytest.mark.parametrize(
  'param, message',
  [
    ('make_world_model.gradient_heads = ("rewards",)', "'rewards'"),
    ('make_objectives.head_scales = {"joints": 2.0}', "'joints'"),
    ('make_objectives.head_scales = {"reward": 2.0}', 'set reward_scale'),
  ],
)
def test_unknown_heads_are_refused(param, message):
  with pytest.raises(ConfigurationError, match=message):
    _model(param)


def test_truncated_normal_trains_within_its_bounds():
  params = ['make_world_model.reward_likelihood = "truncated_normal"']
  loss = []
  for bounds in ((0.0, 8.0), (0.0, 4.0)):
    bind = f'make_world_model.reward_bounds = {bounds}'
    model, batch = _model(*params, bind)
    batch['reward'] = tf.linspace([1.0, 3.0], [7.5, 5.0], 4, axis=1)
    loss.append(float(model.update(batch)['reward_loss']))
  assert np.isfinite(loss[0])
  assert loss[1] == np.inf


@pytest.mark.parametrize(
  'param, message',
  [
    ('state_size = 0', 'state_size must be at least 1, got 0'),
    ('head_layers = -1', 'head_layers must be at least 0, got -1'),
    ('image_bits = 9', 'image_bits must be 1 to 8, got 9'),
    ('reward_stddev = 0.0', "reward_stddev must be above 0 or 'learned'"),
    ('reward_bounds = (1.0, 0.0)', 'reward_bounds must be a lower'),
    ('reward_bounds = (1.0,)', 'reward_bounds must be a lower'),
    ('num_splits = 0', 'num_splits must be at least 1'),
    ('reward_likelihood = "tanh_normal"', "'normal', 'truncated_normal'"),
  ],
)
def test_settings_out_of_range(param, message):
  with pytest.raises(ConfigurationError, match=message):
    _model(f'make_world_model.{param}')


def test_settings_from_python():
  gin_files.parse()
  settings = dataclasses.replace(
    make_world_model_settings(), dynamics='ssm', state_size=7
  )
  model = model_factories.make_world_model(2, settings=settings)
  assert model.dynamics.stochastic_size == 7
  assert model.action_size == 2


def test_diagnostics_need_components():
  gin_files.parse([], ['make_world_model.state_diagnostics = True'])
  with pytest.raises(ConfigurationError, match='needs components'):
    model_factories.make_world_model(2, components={})


def test_exploration_falls_with_its_ramp():
  params = ['collect.exploration = 0.5', 'collect.exploration_ramp = -100']
  gin_files.parse([], [*params, 'collect.exploration_min = 0.2'])
  settings = make_collect_settings()
  assert exploration(settings, 0) == 0.5
  assert exploration(settings, 60) == pytest.approx(0.2)
  assert exploration(settings, 500) == pytest.approx(0.1)


def test_learning_rate_rises_from_zero():
  model, batch = _model('compile_model.learning_rate_ramp = 10')
  before = [np.array(v) for v in model.trainable_variables]
  model.update(batch)
  for variable, old in zip(model.trainable_variables, before, strict=True):
    np.testing.assert_array_equal(variable, old)
  model.update(batch)
  assert np.any(np.array(model.trainable_variables[0]) != before[0])


@pytest.mark.parametrize(
  'name, function',
  [
    ('relu', tf.nn.relu),
    ('elu', tf.nn.elu),
    ('tanh', tf.tanh),
    ('swish', tf.nn.silu),
    ('softplus', tf.nn.softplus),
    ('none', tf.identity),
  ],
)
def test_activations_of_the_original(name, function):
  model, _ = _model(f'make_world_model.activation = "{name}"')
  values = tf.constant([-2.0, -0.5, 0.0, 3.0])
  for layer in (
    model.dynamics.input_layers[0],
    model.heads['reward'].hidden[0],
  ):
    np.testing.assert_allclose(
      layer.activation(values), function(values), rtol=1e-6
    )
