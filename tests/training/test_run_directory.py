"""Which settings make another run."""

from planet_tf.training.run_directory import different_settings


def test_a_planner_that_is_only_tested_leaves_learning_as_it_is():
  before = {'train.collections': ('main',), 'train.tests': ('main',)}
  after = {
    **before,
    'train.tests': ('main', 'cheap'),
    'cheap/make_planner.candidates': 100,
    'train.total_episodes': 9,
  }
  assert different_settings(before, after) == []
  after['main/make_planner.candidates'] = 100
  assert different_settings(before, after) == ['main/make_planner.candidates']
  assert different_settings(after, after) == []
