"""Tests of the figures of runs."""

import io

import pytest
from PIL import Image

from planet_tf import analysis
from planet_tf.analysis.curves.metrics_figure import UnknownMetric


def _records(offset):
  return [
    {'split': split, 'episodes': x, 'hours': x / 8, 'return': offset + x}
    for x in range(1, 5)
    for split in ('train', 'test')
  ]


def test_each_run_has_a_curve_in_each_split():
  runs = {'a': _records(0), 'b': _records(10)}
  figure = analysis.draw_metrics(runs, ['return'], 'hours')
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


def test_metrics_are_globs_and_unknown_ones_are_refused():
  records = [{'split': 'test', 'episodes': 1, 'error/1': 2.0, 'error/4': 3.0}]
  figure = analysis.draw_metrics({'a': records}, ['error/*'])
  titles = [axes.get_title() for axes in figure.axes if axes.get_visible()]
  assert titles == ['error/1, test', 'error/4, test']
  with pytest.raises(UnknownMetric, match='recorded loss; choose from .*error'):
    analysis.draw_metrics({'a': records}, ['loss'])


def test_running_median_looks_back():
  assert analysis.running_median([3, 1, 2, 9, 9], 3) == [3, 2, 2, 2, 9]


@pytest.mark.parametrize('count', [1, 2, 3, 17])
def test_learning_curve_is_drawn_at_any_stage(logdir, count):
  run, file = analysis.read_run(logdir), io.BytesIO()
  rows = run.returns()[:count]
  analysis.draw_returns(rows, analysis.summarize(run)).savefig(file)
  with Image.open(file) as image:
    assert image.size == (1080, 648)
    colors = image.convert('RGB').getcolors(maxcolors=1 << 20)
  assert len(colors) > 10
