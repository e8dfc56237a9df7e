"""What the model sees in a batch: views, horizons, errors."""

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


def _images(view):
  return view['predicted']['image'].numpy()


def test_open_loop_depends_on_the_seen_frames_alone(model):
  batch = _batch()
  changed = {**batch, 'image': batch['image'].copy()}
  changed['image'][:, 3:] = 0
  one = predictions.predict(model, batch, 3)
  two = predictions.predict(model, changed, 3)
  np.testing.assert_array_equal(
    _images(one['open_loop']), _images(two['open_loop'])
  )
  # What is predicted one step ahead depends on the frames before.
  same = _images(one['prior']) == _images(two['prior'])
  assert np.all(same[:, :4])
  assert not np.all(same[:, 4])
  assert not np.all(
    (_images(one['posterior']) == _images(two['posterior']))[:, 3]
  )


def test_open_loop_reconstructs_what_it_sees(model):
  result = predictions.predict(model, _batch(), 3)
  posterior, open_loop = result['posterior'], result['open_loop']
  np.testing.assert_array_equal(
    _images(posterior)[:, :3], _images(open_loop)[:, :3]
  )
  assert np.all(open_loop['divergence'].numpy()[:, :3] == 0)
  assert np.all(open_loop['divergence'].numpy()[:, 3:] > 0)
  np.testing.assert_allclose(
    open_loop['predicted']['reward'][:, 3],
    result['prior']['predicted']['reward'][:, 3],
    rtol=1e-5,
  )


def test_metrics(model):
  batch = _batch()
  result = predictions.predict(model, batch, 3)
  scalars = predictions.metrics(result)
  assert all(np.isfinite(value) for value in scalars.values())
  for view in predictions.NAMES:
    predicted = result[view]['predicted']['joint'].numpy()
    error = np.abs(predicted - batch['joint'])
    assert scalars[f'{view}/joint_abs_error'] == pytest.approx(error.mean())
    log_prob = -0.5 * error**2 - 0.5 * np.log(2 * np.pi)
    assert scalars[f'{view}/joint_log_prob'] == pytest.approx(
      log_prob.sum(-1).mean(), rel=1e-4
    )
    assert scalars[f'{view}/joint_std'] == pytest.approx(
      predicted.std(), rel=1e-4
    )
    assert 0 < scalars[f'{view}/image_abs_error'] < 1
  assert 'posterior/state_divergence' not in scalars


def test_errors_by_horizon_count_from_the_last_seen_frame():
  """Five steps, of which two are seen; step t is off by t, or t / 10."""
  time = np.arange(5, dtype=np.float32)
  shape = (3, 5, 4, 4, 3)
  offset = np.broadcast_to(time[None, :, None, None, None] / 10, shape)
  seen = {
    'truth': {'reward': np.zeros((3, 5)), 'image': np.full(shape, 0.5)},
    'open_loop': {
      'predicted': {'reward': np.tile(time, (3, 1)), 'image': 0.5 + offset}
    },
  }
  result = predictions.horizon_errors(seen, 2, (1, 3, 4))
  assert result == {
    'open_loop_reward_error/1': pytest.approx(2),
    'open_loop_reward_error/3': pytest.approx(4),
    'open_loop_image_error/1': pytest.approx(0.2),
    'open_loop_image_error/3': pytest.approx(0.4),
  }


def test_in_a_graph(model):
  batch = _batch()
  graph = tf.function(lambda batch: predictions.predict(model, batch, 3))(batch)
  eager = predictions.predict(model, batch, 3)
  tf.nest.assert_same_structure(graph, eager)
  for one, two in zip(
    tf.nest.flatten(graph), tf.nest.flatten(eager), strict=True
  ):
    np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4)
