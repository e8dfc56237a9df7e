"""What a test phase shows."""

from planet_tf.training.evaluation import in_turns


def test_pictures_have_each_task_before_the_second_of_any():
  assert in_turns([['a1', 'a2'], ['b1'], ['c1', 'c2', 'c3']]) == [
    'a1',
    'b1',
    'c1',
    'a2',
    'c2',
    'c3',
  ]
  assert in_turns([]) == []
