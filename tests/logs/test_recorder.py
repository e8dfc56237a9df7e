"""Records: lines, rewinding."""

import io
import json

import numpy as np
from PIL import Image

from planet_tf.analysis import read_metrics
from planet_tf.logs.recorder import Recorder, encode_gif
from planet_tf.runs.counters import Counters


def test_rewinding_keeps_what_the_checkpoint_knows(tmp_path):
  recorder = Recorder(tmp_path)
  for updates in range(4):
    recorder.scalars('train', Counters(updates=updates), {'loss': 0.5})
  assert recorder.records == 4
  again = Recorder(tmp_path)
  again.rewind(2)
  again.scalars('test', Counters(updates=2), {'return': 7.0})
  lines = read_metrics(tmp_path)
  assert [line['updates'] for line in lines] == [0, 1, 2]
  assert read_metrics(tmp_path, 'test')[0]['return'] == 7.0
  assert again.records == 3
  moved = (tmp_path / 'metrics.superseded.jsonl').read_text().splitlines()
  assert [json.loads(line)['updates'] for line in moved] == [2, 3]


def test_rewinding_a_file_that_is_gone(tmp_path):
  recorder = Recorder(tmp_path)
  recorder.rewind(5)
  assert recorder.records == 0


def test_a_line_cut_short_is_left_out(tmp_path):
  recorder = Recorder(tmp_path)
  recorder.scalars('train', Counters(), {'loss': 1.0})
  with (tmp_path / 'metrics.jsonl').open('a') as file:
    file.write('{"updates": 1, "lo')
  assert len(read_metrics(tmp_path)) == 1


def test_gif_has_every_frame():
  frames = np.zeros((3, 8, 8, 3), np.uint8)
  frames[1] = 100
  frames[2] = 200
  with Image.open(io.BytesIO(encode_gif(frames, rate=10.0))) as image:
    assert image.n_frames == 3
    assert image.info['duration'] == 100


def test_gif_has_colours_close_to_those_of_large_pictures():
  rows, columns = np.mgrid[0:256, 0:768]
  frame = np.stack([rows, columns // 3, (rows + columns) // 4], -1)
  frame = frame.astype(np.uint8)
  with Image.open(io.BytesIO(encode_gif(frame[None], rate=10.0))) as image:
    found = np.asarray(image.convert('RGB'))
  assert np.abs(found.astype(float) - frame).mean() < 5  # 256 of 65,536.
