"""Tests of the readers of TensorBoard events, ours and the original's."""

import csv
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from planet_tf import analysis
from planet_tf.logs.recorder import Recorder
from planet_tf.runs.counters import Counters


@pytest.fixture
def recorded(tmp_path):
  """Run directory with scalars and images of two evaluations."""
  path = tmp_path / 'run'
  path.mkdir()
  recorder = Recorder(path)
  frames = np.zeros((3, 8, 8, 3), np.uint8)
  frames[1:] = 255
  for updates in (100, 200):
    counters = Counters(updates=updates)
    recorder.scalars('test', counters, {'return': updates / 3, 'kl': 1.0})
    recorder.animation('test', counters, 'open_loop/animation', frames)
  recorder.scalars('train', Counters(updates=300), {'return': 1.0})
  recorder.flush()
  return path


def _rows(path):
  with path.open() as file:
    return list(csv.DictReader(file))


def test_events_have_the_recorded_values(recorded):
  folders = analysis.event_folders(recorded)
  assert [folder.name for folder in folders] == ['test', 'train']
  values = list(analysis.read_events(recorded / 'test'))
  returns = [(x.step, x.content) for x in values if x.tag == 'return']
  assert [step for step, _ in returns] == [100, 200]
  np.testing.assert_allclose([x for _, x in returns], [100 / 3, 200 / 3], 1e-6)
  assert all(value.wall_time > 1e9 for value in values)
  images = [x for x in values if x.tag == 'open_loop/animation']
  assert len(images) == 2
  with Image.open(io.BytesIO(images[0].content)) as image:
    assert image.n_frames > 1


def test_events_are_exported_to_files(recorded, tmp_path):
  output = tmp_path / 'out'
  assert analysis.export_events(recorded / 'test', output, 'return*') == 1
  (path,) = output.glob('*_test/return.csv')
  assert [int(row['step']) for row in _rows(path)] == [100, 200]
  assert float(_rows(path)[0]['wall_time']) > 1e9
  assert analysis.export_events(recorded / 'test', output, '*/animation') == 2
  assert len(list(output.glob('*_test/open_loop_animation-*.gif'))) == 2
  assert analysis.export_events(recorded / 'test', output, 'nothing') == 0


def test_events_of_tensorflow_1_are_read(tmp_path):
  png = io.BytesIO()
  Image.new('RGB', (4, 2)).save(png, 'PNG')
  v1 = tf.compat.v1
  with tf.Graph().as_default():
    writer = v1.summary.FileWriter(str(tmp_path / 'run'))
    for step in (100, 200):
      scalar = v1.Summary.Value(tag='trainer/score', simple_value=step / 8)
      image = v1.Summary.Image(
        width=4, height=2, encoded_image_string=png.getvalue()
      )
      image = v1.Summary.Value(tag='strip/image', image=image)
      writer.add_summary(v1.Summary(value=[scalar, image]), step)
    writer.close()
  output = tmp_path / 'out'
  assert analysis.export_events(tmp_path / 'run', output) == 3
  (path,) = output.glob('*/trainer_score.csv')
  rows = [(int(x['step']), float(x['value'])) for x in _rows(path)]
  assert rows == [(100, 12.5), (200, 25.0)]
  assert len(list(output.glob('*/strip_image-*.png'))) == 2


def test_truncated_files_are_read_up_to_the_damage(recorded):
  (path,) = (recorded / 'test').glob('events.out.tfevents.*')
  path.write_bytes(path.read_bytes()[:-7])
  assert list(analysis.read_events(recorded / 'test'))
