"""Which settings make another run."""

from planet_tf.runs.directory import different_settings


def test_a_planner_that_is_only_tested_leaves_learning_as_it_is():
  before = {'train.collections': ('main',), 'train.evaluations': ('main',)}
  after = {
    **before,
    'train.evaluations': ('main', 'cheap'),
    'cheap/make_planner.candidates': 100,
    'train.total_episodes': 9,
  }
  assert different_settings(before, after) == []
  after['main/make_planner.candidates'] = 100
  assert different_settings(before, after) == ['main/make_planner.candidates']
  assert different_settings(after, after) == []
