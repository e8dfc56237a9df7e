"""Tests of the learning curves of groups."""

import numpy as np

from planet_tf.analysis import draw_curves, read_group, read_published
from planet_tf.analysis.tables.curve_points import averages_of, percentiles_of
from tests.analysis.run_files import write_evaluated_run


def _visible_titles(figure):
  return [axes.get_title() for axes in figure.axes if axes.get_visible()]


def test_percentiles_are_over_seeds_and_trajectories(runs):
  points = percentiles_of(read_group(f'{runs}/*'), 'cheetah_run')
  # The later evaluation of one run is not used: it would stand for all.
  assert [point.episodes for point in points] == [10, 20, 999.5]
  last = np.percentile([100, 300, 500, 700], (5, 50, 95))
  assert points[2] == (999.5, 300, *last, 2, 4)


def test_each_task_has_a_plot(runs):
  figure = draw_curves([read_group(f'{runs}/*')], read_published())
  assert _visible_titles(figure) == ['cheetah_run', 'walker_walk']
  for task in ('finger_spin', 'cup_catch'):
    write_evaluated_run(runs, task, 0, [(500, 50, [900.0])])
  figure = draw_curves([read_group(f'{runs}/*')], read_published())
  titles = _visible_titles(figure)
  assert len(titles) == 4 and all(titles)


def test_negative_returns_and_single_points_are_visible(tmp_path):
  negative = [(1, 1, [-900.0]), (2, 2, [-200.0])]
  write_evaluated_run(tmp_path, 'pendulum', 0, negative)
  write_evaluated_run(tmp_path / 'b', 'cheetah_run', 0, [(5, 5, [9.0, 11.0])])
  groups = [read_group(f'{tmp_path}/p*'), read_group(f'$a$={tmp_path}/b/*')]
  figure = draw_curves(groups, read_published())
  first, second = figure.axes
  assert first.get_ylim()[0] < -900 < -200 < first.get_ylim()[1]
  assert second.lines[-1].get_marker() == 'o'
  assert second.get_ylim()[0] == 0 and second.get_ylim()[1] > 662
  (legend,) = figure.legends
  labels = {text.get_text() for text in legend.get_texts()}
  assert {'planet_tf (1 seed)', r'\$a\$ (1 seed)'} < labels


def test_averages_are_over_tasks_seeds_and_trajectories(tmp_path):
  for task, low in (('cheetah_run', 0.0), ('walker_walk', 600.0)):
    evaluations = [(10, 100, [low, low]), (20, 200, [low, low + 400.0])]
    # Only one task has the second evaluation.
    evaluations = evaluations[: 1 if low else 2]
    write_evaluated_run(tmp_path, task, 0, evaluations)
  group = read_group(f'{tmp_path}/*')
  assert averages_of(group) == [(10, 100, 0, 300, 600, 2, 4)]
  (*_, last) = draw_curves([group], []).axes
  assert last.get_title() == 'average over tasks, one deviation'
  # Averages over different tasks are not comparable.
  alone = read_group(f'{tmp_path}/cheetah*')
  assert len(draw_curves([group, alone], []).axes) == 2
