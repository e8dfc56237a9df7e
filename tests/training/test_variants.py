"""Runs that differ from the usual one in their model or its objectives."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.training import configuration, model_factories
from planet_tf.training.registry import ConfigurationError
from planet_tf.training.run import train
from planet_tf.training.run_directory import load_run, read_task
from planet_tf.training.summaries import read_metrics

VARIANTS = {
  'ssm': ['make_world_model.dynamics = "ssm"'],
  'drnn_overshooting': [
    'make_world_model.dynamics = "drnn"',
    'make_objectives.overshooting_scale = 0.1',
    'make_objectives.overshooting_distance = 4',
  ],
  'rnn': ['make_world_model.dynamics = "rnn"'],
  'diagnostics': [
    'make_world_model.state_diagnostics = True',
    'make_objectives.global_divergence_scale = 0.1',
    'make_objectives.head_scales = {"position": 0.5}',
  ],
  'learned_reward': [
    'make_world_model.reward_stddev = "learned"',
    'make_world_model.gradient_heads = ("reward",)',
  ],
}


def _train(logdir, *params):
  configuration.parse(['tasks/dummy.gin', 'scale/debug.gin'], params)
  return train(logdir)


@pytest.mark.parametrize('variant', VARIANTS)
def test_trains_resumes_and_loads(tmp_path, variant):
  params = VARIANTS[variant]
  _train(tmp_path, *params, 'train.total_episodes = 2')
  counters = _train(tmp_path, *params)
  assert counters.updates == 21
  last = [x for x in read_metrics(tmp_path, 'train') if 'loss' in x][-1]
  assert np.isfinite(last['loss'])
  agent, counters = load_run(tmp_path)
  assert counters.updates == 21
  image = np.zeros((1, 64, 64, 3), np.uint8)
  action, _, _ = agent.step(image, agent.initial_state(1), seed=[0, 1])
  assert action.shape == (1, agent.model.action_size)
  if variant == 'diagnostics':
    assert read_task(tmp_path)['components'] == {'position': 2}
    assert {'position_loss', 'global_divergence_loss'} <= set(last)


def _model(*params):
  configuration.parse([], ['make_world_model.belief_size = 20', *params])
  model = model_factories.make_world_model(2, components={'joint': 3}, seed=1)
  model_factories.compile_model(model)
  random = np.random.default_rng(0)
  batch = {
    'image': random.integers(0, 256, (2, 3, 64, 64, 3), np.uint8),
    'action': random.normal(size=(2, 3, 2)),
    'reward': random.normal(size=(2, 3)),
    'joint': random.normal(size=(2, 3, 3)),
  }
  batch = {
    name: tf.constant(x, x.dtype if name == 'image' else 'float32')
    for name, x in batch.items()
  }
  return model, batch


def test_frozen_heads_read_the_latents_and_leave_them_alone():
  usual, batch = _model()
  diagnosed, _ = _model('make_world_model.state_diagnostics = True')
  assert diagnosed.frozen_heads == {'joint'}
  joint = diagnosed.heads['joint'].trainable_variables
  before = [np.array(variable) for variable in joint]
  usual.train_step(batch)
  diagnosed.train_step(batch)
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
  ],
)
def test_unknown_heads_are_refused(param, message):
  with pytest.raises(ConfigurationError, match=message):
    _model(param)
