"""Videos of episodes with reconstructions and predictions."""

import av
import numpy as np
import pytest
from PIL import Image

from planet_tf.exporting.episode_video import draw_frames
from planet_tf.logs.video import enlarge, write_video


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
  seen = functions.reconstruct(**sequence)['image'][0]
  np.testing.assert_array_equal(middle, enlarge(seen.numpy()))
  np.testing.assert_array_equal(middle[0], right[0])
  # The second prediction starts at step 3 and observes the images up to it.
  posterior = functions.observe(**sequence)
  state = {name: x[:, 3] for name, x in posterior.items()}
  action = episode['action'][None, 4:7]
  future = functions.imagine(action=action, **state)['image'][0]
  np.testing.assert_array_equal(right[4:7], enlarge(future.numpy()))
  assert not np.array_equal(frames[1, :32], frames[2, :32])  # The return.


@pytest.mark.parametrize('suffix', ['.gif', '.mp4'])
def test_videos_can_be_read(tmp_path, suffix):
  frames = np.zeros((5, 32, 48, 3), np.uint8)
  frames[:] = 50 * np.arange(5)[:, None, None, None]
  path = tmp_path / f'video{suffix}'
  write_video(path, frames, rate=10.0)
  if suffix == '.gif':
    with Image.open(path) as video:
      assert (video.size, video.n_frames) == ((48, 32), 5)
    return
  with av.open(str(path)) as file:
    (stream,) = file.streams.video
    assert stream.average_rate == 10
    decoded = [x.to_ndarray(format='rgb24') for x in file.decode(video=0)]
  assert np.abs(np.stack(decoded).astype(int) - frames).max() < 12


def test_other_formats_are_refused(tmp_path):
  with pytest.raises(ValueError, match=r'must end in \.gif or \.mp4'):
    write_video(tmp_path / 'video.avi', np.zeros((1, 2, 2, 3), np.uint8), 1.0)
