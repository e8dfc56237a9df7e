"""Tests of the evaluation's images."""

from planet_tf.training.evaluation import interleave


def test_interleave_takes_one_episode_of_each_group_in_turn():
  groups = [['a1', 'a2'], ['b1'], ['c1', 'c2', 'c3']]
  assert interleave(groups) == ['a1', 'b1', 'c1', 'a2', 'c2', 'c3']
  assert interleave([]) == []
