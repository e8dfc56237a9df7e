"""Tests of videos of strips and episodes."""

import numpy as np
import pytest
from PIL import Image

from planet_tf.data import write_episode
from planet_tf.logs.video import unpack_strip
from tests.commands import run_tool


def test_a_strip_becomes_frames():
  tiles = np.arange(6, dtype=np.uint8).reshape(2, 3)  # Rows, time.
  strip = tiles.repeat(2, 0).repeat(4, 1)[..., None].repeat(3, 2)
  frames = unpack_strip(strip, width=4, height=2)
  assert frames.shape == (3, 2, 8, 3)
  for time in range(3):
    assert np.all(frames[time][:, :4] == tiles[0, time])
    assert np.all(frames[time][:, 4:] == tiles[1, time])
  with pytest.raises(ValueError, match='12 x 4 pixels.* 5 x 2'):
    unpack_strip(strip, width=5, height=2)


def test_videos_of_an_episode_and_of_a_strip(tmp_path):
  images = np.arange(3, dtype=np.uint8)[:, None, None, None]
  episode = write_episode(
    tmp_path,
    {
      'image': np.broadcast_to(images, (3, 64, 64, 3)),
      'action': np.zeros((3, 1), np.float32),
      'reward': np.zeros(3, np.float32),
    },
  )
  result = run_tool(
    'create_video', f'--input={episode}', f'--output={tmp_path / "a.gif"}'
  )
  assert result.returncode == 0, result.stderr
  with Image.open(tmp_path / 'a.gif') as video:
    assert video.size == (256, 256)
  Image.new('RGB', (128, 64)).save(tmp_path / 'strip.png')
  arguments = (f'--input={tmp_path / "strip.png"}', '--scale=1')
  result = run_tool(
    'create_video', *arguments, f'--output={tmp_path / "b.mp4"}'
  )
  assert result.returncode == 0, result.stderr
  assert '2 frames' in result.stdout
  (tmp_path / 'c.png').write_text('not an image')
  result = run_tool(
    'create_video',
    f'--input={tmp_path / "c.png"}',
    f'--output={tmp_path / "c.gif"}',
  )
  assert result.returncode == 2
  assert 'is neither an episode nor an image' in result.stderr
