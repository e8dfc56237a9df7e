"""Compares latent overshooting with the original."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf import distributions
from planet_tf.models.overshooting import overshoot, windows


@pytest.mark.parametrize('case', ['lengths', 'full', 'full_given_posterior'])
def test_golden(golden, golden_model, relative_error, case):
  data = golden.load('overshooting.npz')
  cell = golden_model().dynamics
  actions = tf.constant(data['prev_action'])
  _, posterior = cell.observe(
    tf.constant(data['embedded']),
    actions,
    np.stack([data['noise/prior'], data['noise/posterior']]),
  )
  # The original pads sequences. Here each one is computed without padding.
  for index, length in enumerate(data[f'{case}/length']):
    part = slice(index, index + 1), slice(length)

    def expected(key, part=part):
      return data[f'{case}/{key}'][part]

    assert not np.any(data[f'{case}/mask'][index, length:])
    distance = int(data['distance'])
    priors, posteriors, mask = overshoot(
      cell,
      {key: value[part] for key, value in posterior.items()},
      actions[part],
      distance,
      tf.constant(data['noise/rollout'][part]),
    )
    np.testing.assert_array_equal(mask, expected('mask'))
    for name, state in (('prior', priors), ('posterior', posteriors)):
      for key, value in state.items():
        source = 'rnn_state' if key == 'belief' else key
        golden_value = expected(f'{name}/{source}')
        assert relative_error(value, golden_value) < 1e-5, (name, key)
    divergence = distributions.divergence(posteriors, priors, mask)
    assert relative_error(divergence, expected('divergence')) < 1e-5
    target = windows(tf.constant(data['target'][part]), distance)
    assert relative_error(target, expected('target/x')) == 0


def test_windows():
  steps = tf.reshape(tf.range(1, 9), (2, 4))
  np.testing.assert_array_equal(
    windows(steps, 2),
    [
      [[1, 2, 3], [2, 3, 4], [3, 4, 0], [4, 0, 0]],
      [[5, 6, 7], [6, 7, 8], [7, 8, 0], [8, 0, 0]],
    ],
  )


def test_distance_zero_is_the_one_step_prior(golden_model, golden):
  data = golden.load('unroll.npz')
  cell = golden_model().dynamics
  noise = np.stack([data['noise/prior'], data['noise/posterior']])
  actions = tf.constant(data['prev_action'])
  prior, posterior = cell.observe(tf.constant(data['embedded']), actions, noise)
  priors, _, mask = overshoot(
    cell, posterior, actions, 0, tf.constant(data['noise/prior'][:, :, None])
  )
  assert np.all(mask)
  for name, value in prior.items():
    np.testing.assert_allclose(priors[name][:, :, 0], value, atol=1e-5)
