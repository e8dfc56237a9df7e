"""Tests of images of predictions."""

import numpy as np

from planet_tf.logs import images


def _images():
  """Returns two chunks of five gray frames; step t has the error t / 10."""
  shape = (2, 5, 64, 64, 3)
  time = np.arange(5, dtype=np.float32)[None, :, None, None, None]
  return np.full(shape, 0.5), 0.5 + np.broadcast_to(time / 10, shape)


def test_frames_hold_truth_prediction_change_and_error():
  truth, predicted = _images()
  frames = images.frames(truth, predicted, max_chunks=2)
  assert frames.shape == (5, 4 * 64, 2 * 64, 3)
  assert frames.dtype == np.uint8
  for row, value in zip(
    np.split(frames[2], 4), (0.5, 0.7, 0.55, 0.6), strict=True
  ):
    assert np.all(abs(row.astype(int) - value * 255) <= 1), value
  assert np.all(frames[0][128:] == 128)


def test_strip_holds_frames_of_the_first_chunk():
  truth, predicted = _images()
  strip = images.strip(truth, predicted, columns=3)
  assert strip.shape == (4 * 64, 3 * 64, 3)
  frames = images.frames(truth, predicted, max_chunks=1)
  np.testing.assert_array_equal(strip[:, :64], frames[0])
  np.testing.assert_array_equal(strip[:, 128:], frames[4])


def test_trajectories_have_one_plot_per_number():
  time = np.arange(5.0)
  truth = {'reward': time[None], 'joint': np.stack([time, -time], -1)[None]}
  predicted = {name: value + 0.1 for name, value in truth.items()}
  log_probs = {'reward': -time[None], 'joint': -time[None]}
  image = images.trajectories(truth, predicted, log_probs, context=2)
  assert image.dtype == np.uint8
  height, width, _ = image.shape
  assert (height, width) == (5 * 128, 480)
  # Both curves and the gray area of the observed steps are visible.
  colors = {tuple(x) for x in image.reshape(-1, 3)}
  assert {(31, 119, 180), (255, 127, 14), (230, 230, 230)} <= colors
