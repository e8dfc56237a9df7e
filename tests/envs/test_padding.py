"""Padded actions."""

import numpy as np
import pytest

from planet_tf.envs import PaddedEnvs, ParallelEnvs


def test_padding_of_actions_has_no_effect():
  with ParallelEnvs('dummy', 2, duration=3) as envs:
    padded = PaddedEnvs(envs, 5)
    assert padded.action_spec.shape == (5,)
    assert padded.action_spec.dtype == np.float32
    assert np.all(padded.action_spec.minimum == -1)
    assert (padded.task, padded.count, padded.duration) == ('dummy', 2, 3)
    assert padded.components == {'position': 2}
    padded.reset([1, 1])
    one, two = padded.step([np.full(5, 0.5), np.array([0.5, 0.5, -1, 0, 1])])
    assert one.reward == two.reward
    for key, value in one.observation.items():
      np.testing.assert_array_equal(value, two.observation[key])
    envs.reset([1])
    (alone,) = envs.step([np.full(2, 0.5)])
    assert alone.reward == one.reward
    assert padded.step([None, None]) == [None, None]
    with pytest.raises(ValueError, match="'dummy' takes actions of size 2"):
      PaddedEnvs(envs, 1)
