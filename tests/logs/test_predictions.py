"""Tests of predictions: dependencies, metrics, errors by horizon."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.config import gin_files, model_factories
from planet_tf.logs import predictions


@pytest.fixture(scope='module')
def model():
  gin_files.parse(
    ['scale/debug.gin'], ['make_world_model.state_diagnostics = True']
  )
  return model_factories.make_world_model(2, components={'joint': 3}, seed=0)


def _batch(seed=0):
  random = np.random.default_rng(seed)
  return {
    'image': random.integers(0, 256, (2, 6, 64, 64, 3), np.uint8),
    'action': random.uniform(-1, 1, (2, 6, 2)).astype(np.float32),
    'reward': random.normal(size=(2, 6)).astype(np.float32),
    'joint': random.normal(size=(2, 6, 3)).astype(np.float32),
  }


@pytest.fixture(scope='module')
def result(model):
  """Predictions for a batch, with three observed frames."""
  return predictions.predict(model, _batch(), 3)


def _images(result, name):
  return result.by_name[name].heads['image'].numpy()


def test_open_loop_depends_only_on_observed_frames(model, result):
  batch = _batch()
  changed = {**batch, 'image': batch['image'].copy()}
  changed['image'][:, 3:] = 0
  other = predictions.predict(model, changed, 3)
  equal = {
    name: _images(result, name) == _images(other, name)
    for name in predictions.NAMES
  }
  assert np.all(equal['open_loop'])
  # Predictions one step ahead depend on the frames before.
  assert np.all(equal['prior'][:, :4])
  assert not np.all(equal['prior'][:, 4])
  assert not np.all(equal['posterior'][:, 3])


def test_open_loop_reconstructs_observed_frames(result):
  np.testing.assert_array_equal(
    _images(result, 'posterior')[:, :3], _images(result, 'open_loop')[:, :3]
  )
  prior, open_loop = result.by_name['prior'], result.by_name['open_loop']
  assert np.all(open_loop.divergence.numpy()[:, :3] == 0)
  assert np.all(open_loop.divergence.numpy()[:, 3:] > 0)
  np.testing.assert_allclose(
    open_loop.heads['reward'][:, 3], prior.heads['reward'][:, 3], rtol=1e-5
  )


def test_metrics(result):
  batch = _batch()
  scalars = predictions.metrics(result)
  assert all(np.isfinite(value) for value in scalars.values())
  for name in predictions.NAMES:
    predicted = result.by_name[name].heads['joint'].numpy()
    error = np.abs(predicted - batch['joint'])
    assert scalars[f'{name}/joint_abs_error'] == pytest.approx(error.mean())
    log_prob = -0.5 * error**2 - 0.5 * np.log(2 * np.pi)
    assert scalars[f'{name}/joint_log_prob'] == pytest.approx(
      log_prob.sum(-1).mean(), rel=1e-4
    )
    assert scalars[f'{name}/joint_std'] == pytest.approx(
      predicted.std(), rel=1e-4
    )
    assert 0 < scalars[f'{name}/image_abs_error'] < 1
  assert 'posterior/state_divergence' not in scalars


def test_horizons_count_from_the_last_observed_frame():
  """The model observes two of five steps; step t has the error t or t / 10."""
  time = np.arange(5, dtype=np.float32)
  shape = (3, 5, 4, 4, 3)
  offset = np.broadcast_to(time[None, :, None, None, None] / 10, shape)
  heads = {'reward': np.tile(time, (3, 1)), 'image': 0.5 + offset}
  truth = {'reward': np.zeros((3, 5)), 'image': np.full(shape, 0.5)}
  open_loop = predictions.Prediction(heads, {}, None, None, None)
  result = predictions.Predictions({'open_loop': open_loop}, truth)
  errors = predictions.horizon_errors(result, 2, (1, 3, 4))
  assert errors == {
    'open_loop_reward_error/1': pytest.approx(2),
    'open_loop_reward_error/3': pytest.approx(4),
    'open_loop_image_error/1': pytest.approx(0.2),
    'open_loop_image_error/3': pytest.approx(0.4),
  }


def test_graph_equals_eager(model, result):
  predict = tf.function(lambda batch: predictions.predict(model, batch, 3))
  graph = predict(_batch())
  tf.nest.assert_same_structure(graph, result)
  for one, two in zip(
    tf.nest.flatten(graph), tf.nest.flatten(result), strict=True
  ):
    np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4)
