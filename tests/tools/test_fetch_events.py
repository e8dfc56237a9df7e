"""Values out of TensorBoard events, ours and the original's."""

import csv
import io

import numpy as np
import tensorflow as tf
from PIL import Image

from planet_tf.analysis import read_metrics
from tests.commands import run_tool


def _rows(path):
  with path.open() as file:
    return list(csv.DictReader(file))


def test_our_scalars_and_pictures(debug_run, tmp_path):
  result = run_tool(
    'fetch_events',
    f'--logdirs={debug_run}',
    '--tags=return*',
    f'--output={tmp_path / "a"}',
  )
  assert result.returncode == 0, result.stderr
  (path,) = (tmp_path / 'a').glob('*_test/return.csv')
  rows = _rows(path)
  expected = [x for x in read_metrics(debug_run, 'test') if 'return' in x]
  assert [int(x['step']) for x in rows] == [x['updates'] for x in expected]
  np.testing.assert_allclose(
    [float(x['value']) for x in rows],
    [x['return'] for x in expected],
    rtol=1e-6,
  )
  assert float(rows[0]['wall_time']) > 1e9
  result = run_tool(
    'fetch_events',
    f'--logdirs={debug_run}',
    '--tags=open_loop/animation',
    f'--output={tmp_path / "b"}',
  )
  assert result.returncode == 0, result.stderr
  files = list((tmp_path / 'b').glob('*_test/open_loop_animation-*.gif'))
  assert len(files) == len(expected)
  with Image.open(files[0]) as image:
    assert image.n_frames > 1


def test_events_of_tensorflow_1(tmp_path):
  picture = io.BytesIO()
  Image.new('RGB', (4, 2)).save(picture, 'PNG')
  v1 = tf.compat.v1
  with tf.Graph().as_default():
    writer = v1.summary.FileWriter(str(tmp_path / 'run'))
    for step in (100, 200):
      scalar = v1.Summary.Value(tag='trainer/score', simple_value=step / 8)
      image = v1.Summary.Image(
        width=4, height=2, encoded_image_string=picture.getvalue()
      )
      image = v1.Summary.Value(tag='strip/image', image=image)
      writer.add_summary(v1.Summary(value=[scalar, image]), step)
    writer.close()
  result = run_tool(
    'fetch_events',
    f'--logdirs={tmp_path}/r*',
    f'--output={tmp_path / "out"}',
  )
  assert result.returncode == 0, result.stderr
  (path,) = (tmp_path / 'out').glob('*/trainer_score.csv')
  rows = [(int(x['step']), float(x['value'])) for x in _rows(path)]
  assert rows == [(100, 12.5), (200, 25.0)]
  assert len(list((tmp_path / 'out').glob('*/strip_image-*.png'))) == 2


def test_mistakes_end_in_one_line(debug_run, tmp_path):
  output = f'--output={tmp_path}'
  for arguments, message in (
    ((f'--logdirs={tmp_path}/x*',), 'matches no folder with TensorBoard'),
    ((f'--logdirs={debug_run}', '--tags=nothing'), 'matches nothing in 2'),
  ):
    result = run_tool('fetch_events', *arguments, output)
    assert result.returncode == 2
    assert message in result.stderr
    assert 'Traceback' not in result.stderr
