"""Latent overshooting against the original's numbers."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf import distributions
from planet_tf.models.overshooting import overshoot, windows


def _state(data, prefix):
  state = {k: data[f'{prefix}/{k}'] for k in ('mean', 'stddev', 'sample')}
  return {**state, 'belief': data[f'{prefix}/rnn_state']}


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
  distance = int(data['distance'])
  priors, posteriors, mask = overshoot(
    cell,
    posterior,
    actions,
    distance,
    tf.constant(data['noise/rollout']),
    tf.constant(data[f'{case}/length']),
  )
  np.testing.assert_array_equal(mask, data[f'{case}/mask'])
  for name, state in (('prior', priors), ('posterior', posteriors)):
    expected = _state(data, f'{case}/{name}')
    for key, value in state.items():
      assert relative_error(value, expected[key]) < 1e-5, (name, key)
  divergence = distributions.divergence(posteriors, priors, mask)
  assert relative_error(divergence, data[f'{case}/divergence']) < 1e-5
  target = windows(tf.constant(data['target']), distance)
  target = np.where(mask[..., None], target, 0)
  assert relative_error(target, data[f'{case}/target/x']) == 0


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
