"""Curves of several runs."""

import json
import shutil

import pytest
from PIL import Image

from planet_tf.cli import UsageError
from tests.commands import run_tool
from tools.plot_runs.figure import draw


def _lines(offset):
  return [
    {'split': split, 'episodes': x, 'hours': x / 8, 'return': offset + x}
    for x in range(1, 5)
    for split in ('train', 'test')
  ]


def test_each_run_has_a_curve_in_each_split():
  figure = draw({'a': _lines(0), 'b': _lines(10)}, ['return'], 'hours')
  train, test = figure.axes
  assert [axes.get_title() for axes in figure.axes] == [
    'return, train',
    'return, test',
  ]
  curves = {line.get_label(): line for line in test.lines}
  assert list(curves['b'].get_xdata()) == [0.125, 0.25, 0.375, 0.5]
  assert list(curves['b'].get_ydata()) == [11, 12, 13, 14]
  medians = {line.get_label(): line for line in train.lines}
  assert list(medians['a'].get_ydata()) == [1, 1.5, 2, 2.5]
  with pytest.raises(UsageError, match='metric like loss; there are'):
    draw({'a': _lines(0)}, ['loss'])


def test_runs_become_png_and_svg(debug_run, tmp_path):
  shutil.copytree(debug_run, tmp_path / 'other')
  shutil.copytree(debug_run, tmp_path / 'one')
  result = run_tool(
    'plot_runs', f'--logdirs={tmp_path}/o*', f'--output={tmp_path / "curves"}'
  )
  assert result.returncode == 0, result.stderr
  with Image.open(tmp_path / 'curves.png') as image:
    assert image.width == 1200
  text = (tmp_path / 'curves.svg').read_text()
  assert text.count('<!-- one -->') and text.count('<!-- other -->')
  (tmp_path / 'one' / 'versions.json').write_text(json.dumps('x')[:1])
  result = run_tool(
    'plot_runs', f'--logdirs={tmp_path}/one', f'--output={tmp_path / "b"}'
  )
  assert result.returncode == 2
  assert 'Cannot read the run' in result.stderr
