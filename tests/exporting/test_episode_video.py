"""Videos of episodes with reconstructions and predictions."""

import numpy as np

from planet_tf.exporting.episode_video import draw_frames
from planet_tf.logs.video import enlarge


def test_frames_show_truth_reconstruction_and_prediction(functions):
  rng = np.random.default_rng(0)
  episode = {
    'image': rng.integers(0, 256, (8, 64, 64, 3), np.uint8),
    'action': rng.normal(size=(8, 2)).astype(np.float32),
    'reward': np.arange(8.0),
  }
  frames = draw_frames(functions, episode, horizon=3)
  assert frames.shape == (8, 288, 768, 3)
  np.testing.assert_array_equal(frames[:, 32:, :256], enlarge(episode['image']))
  middle, right = frames[:, 32:, 256:512], frames[:, 32:, 512:]
  sequence = {key: episode[key][None] for key in ('image', 'action')}
  decoded = functions.reconstruct(**sequence)['image'][0]
  np.testing.assert_array_equal(middle, enlarge(decoded.numpy()))
  np.testing.assert_array_equal(middle[0], right[0])
  # The second prediction starts at step 3 and observes the images up to it.
  posterior = functions.observe(**sequence)
  state = {name: x[:, 3] for name, x in posterior.items()}
  action = episode['action'][None, 4:7]
  future = functions.imagine(action=action, **state)['image'][0]
  np.testing.assert_array_equal(right[4:7], enlarge(future.numpy()))
  assert not np.array_equal(frames[1, :32], frames[2, :32])  # The return.
