"""Open-loop predictions: horizons, pictures."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.training import configuration, model_factories, open_loop


@pytest.fixture
def predicted():
  """Five steps, of which two are seen; step t is off by t / 10."""
  shape = (3, 5, 64, 64, 3)
  time = np.arange(5, dtype=np.float32)
  offset = np.broadcast_to(time[None, :, None, None, None] / 10, shape)
  return {
    'truth': tf.fill(shape, 0.5),
    'prediction': tf.constant(0.5 + offset),
    'reward': tf.constant(np.tile(time, (3, 1))),
  }


def test_errors_by_horizon_count_from_the_last_seen_frame(predicted):
  result = open_loop.metrics(predicted, np.zeros((3, 5)), 2, (1, 3, 4))
  assert set(result) == {
    'open_loop_reward_error/1',
    'open_loop_image_error/1',
    'open_loop_reward_error/3',
    'open_loop_image_error/3',
  }
  assert result['open_loop_reward_error/1'] == 2
  assert result['open_loop_reward_error/3'] == 4
  assert result['open_loop_image_error/1'] == pytest.approx(0.2, abs=1e-3)
  assert result['open_loop_image_error/3'] == pytest.approx(0.4, abs=1e-3)


def test_frames_hold_truth_above_prediction_above_error(predicted):
  frames = open_loop.frames(predicted, bits=5, limit=2)
  assert frames.shape == (5, 3 * 64, 2 * 64, 3)
  assert frames.dtype == np.uint8
  truth, prediction, error = np.split(frames[2], 3)
  assert np.all(truth == 128)
  assert np.all(abs(prediction.astype(int) - 0.7 * 256) <= 1)
  assert np.all(abs(error.astype(int) - 0.6 * 256) <= 1)
  assert np.all(frames[0][128:] == 128)


def test_strip_lays_the_first_chunk_out_in_time(predicted):
  strip = open_loop.strip(predicted, bits=5, columns=3)
  assert strip.shape == (3 * 64, 3 * 64, 3)
  frames = open_loop.frames(predicted, bits=5, limit=1)
  np.testing.assert_array_equal(strip[:, :64], frames[0])
  np.testing.assert_array_equal(strip[:, 128:], frames[4])


def test_prediction_depends_on_the_seen_frames_alone():
  configuration.parse(['scale/debug.gin'])
  model = model_factories.make_world_model(2, seed=0)
  generator = np.random.default_rng(0)
  image = generator.integers(0, 256, (1, 6, 64, 64, 3), dtype=np.uint8)
  changed = image.copy()
  changed[:, 3:] = 0
  action = generator.uniform(-1, 1, (1, 6, 2)).astype(np.float32)
  one = open_loop.predict(model, {'image': image, 'action': action}, 3)
  two = open_loop.predict(model, {'image': changed, 'action': action}, 3)
  np.testing.assert_array_equal(one['prediction'], two['prediction'])
  np.testing.assert_array_equal(one['reward'], two['reward'])
  assert one['prediction'].shape == image.shape
