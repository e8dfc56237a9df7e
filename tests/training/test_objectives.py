"""Objectives and gradients against the original's numbers."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.data.preprocess import preprocess
from planet_tf.training.objectives import Objectives
from planet_tf.training.original_variables import original_variables

DEFAULT = {
  'image_scale': 1.0,
  'reward_scale': 10.0,
  'divergence_scale': 1.0,
  'free_nats': 3.0,
}
SETTINGS = {
  'default': {},
  'free_nats_none': {'free_nats': None},
  'free_nats_4': {'free_nats': 4.0},
  'scales': {
    'divergence_scale': 0.25,
    'image_scale': 0.5,
    'reward_scale': 2.0,
  },
}


@pytest.fixture(scope='module')
def data(golden):
  return golden.load('objectives.npz')


def _run(model, data, objectives):
  images = preprocess(data['image_uint8'])
  noise = np.stack([data['noise/prior'], data['noise/posterior']])
  with tf.GradientTape() as tape:
    prior, posterior = model.observe(images, data['action'], noise=noise)
    losses = objectives.losses(model, images, data['reward'], prior, posterior)
    total = objectives.total(losses)
  gradients = tape.gradient(total, model.trainable_variables)
  return prior, posterior, losses, total, gradients


@pytest.mark.parametrize('setting', SETTINGS)
def test_losses_and_gradients(
  golden, golden_model, data, relative_error, setting
):
  model = golden_model()
  objectives = Objectives(**{**DEFAULT, **SETTINGS[setting]})
  _, _, losses, total, gradients = _run(model, data, objectives)
  for name, loss in losses.items():
    sign = 1 if name == 'divergence' else -1
    expected = sign * data[f'{setting}/objective/{name}']
    assert relative_error(np.mean(loss), expected) < 1e-5, name
  assert relative_error(total, data[f'{setting}/total_loss']) < 1e-5
  norm = tf.linalg.global_norm(gradients).numpy()
  np.testing.assert_allclose(
    norm, data[f'{setting}/grad_global_norm'], rtol=1e-5
  )
  by_path = {
    variable.path: gradient
    for variable, gradient in zip(
      model.trainable_variables, gradients, strict=True
    )
  }
  for name, variable in original_variables(model).items():
    gradient = by_path[variable.path]
    expected = data[f'{setting}/grad/{name}/probe']
    size = np.linalg.norm(np.asarray(gradient))
    difference = np.abs(golden.probe(gradient) - expected)
    assert np.max(difference) <= 1e-4 * size + 1e-12, name


def test_states(golden_model, data, relative_error):
  prior, posterior, losses, _, _ = _run(
    golden_model(), data, Objectives(**{**DEFAULT, 'free_nats': None})
  )
  for name, state in (('prior', prior), ('posterior', posterior)):
    for key, value in state.items():
      assert relative_error(value, data[f'{name}/{key}']) < 1e-5, (name, key)
  expected = data['divergence_elements']
  assert relative_error(losses['divergence'], expected) < 1e-5


def test_seeds_draw_different_noise(golden_model, data):
  batch = {
    'image': data['image_uint8'],
    'action': data['action'],
    'reward': data['reward'],
  }
  model = golden_model()
  objectives = Objectives(**DEFAULT)
  loss = [
    float(objectives(model, batch, seed)[0])
    for seed in (tf.constant([1, 0]), tf.constant([1, 0]), tf.constant([1, 1]))
  ]
  assert loss[0] == loss[1]
  assert loss[0] != loss[2]
