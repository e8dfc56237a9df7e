"""Tests of GIF and MP4 files."""

import io

import av
import numpy as np
import pytest
from PIL import Image

from planet_tf.logs.video import encode_gif, write_video


def test_gif_has_every_frame():
  frames = np.zeros((3, 8, 8, 3), np.uint8)
  frames[1] = 100
  frames[2] = 200
  with Image.open(io.BytesIO(encode_gif(frames, rate=10.0))) as image:
    assert image.n_frames == 3
    assert image.info['duration'] == 100


def test_gif_has_colors_close_to_those_of_a_large_frame():
  rows, columns = np.mgrid[0:256, 0:768]
  frame = np.stack([rows, columns // 3, (rows + columns) // 4], -1)
  frame = frame.astype(np.uint8)
  with Image.open(io.BytesIO(encode_gif(frame[None], rate=10.0))) as image:
    found = np.asarray(image.convert('RGB'))
  assert np.abs(found.astype(float) - frame).mean() < 5  # 256 of 65,536.


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


def test_other_suffixes_raise(tmp_path):
  with pytest.raises(ValueError, match=r'must end in \.gif or \.mp4'):
    write_video(tmp_path / 'video.avi', np.zeros((1, 2, 2, 3), np.uint8), 1.0)
