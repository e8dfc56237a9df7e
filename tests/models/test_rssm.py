"""Sequences of the RSSM equal the original's numbers."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf import distributions
from planet_tf.models import RSSM


def _state(data, prefix):
  keys = ('mean', 'stddev', 'sample')
  state = {key: data[f'{prefix}/{key}'] for key in keys}
  state['belief'] = data[f'{prefix}/rnn_state']
  return state


def test_observe_equals_the_original(golden, golden_model, relative_error):
  data = golden.load('unroll.npz')
  cell = golden_model().dynamics
  noise = np.stack([data['noise/prior'], data['noise/posterior']])
  prior, posterior = cell.observe(
    tf.constant(data['embedded']), tf.constant(data['prev_action']), noise
  )
  for name, state in (('prior', prior), ('posterior', posterior)):
    expected = _state(data, f'closed/{name}')
    for key, value in state.items():
      assert relative_error(value, expected[key]) < 1e-5, (name, key)
  divergence = distributions.divergence(posterior, prior)
  assert relative_error(divergence, data['divergence']) < 1e-5
  assert relative_error(cell.features(posterior), data['features']) < 1e-5


def test_imagine_equals_the_original(golden, golden_model, relative_error):
  data = golden.load('unroll.npz')
  cell = golden_model().dynamics
  context = int(data['context'])
  noise = np.stack([data['noise/prior'], data['noise/posterior']])
  actions = tf.constant(data['prev_action'])
  _, posterior = cell.observe(
    tf.constant(data['embedded'][:, :context]),
    actions[:, :context],
    noise[:, :, :context],
  )
  last = {key: value[:, -1] for key, value in posterior.items()}
  future = cell.imagine(actions[:, context:], noise[0][:, context:], last)
  for key, expected in _state(data, 'open').items():
    actual = tf.concat([posterior[key], future[key]], 1)
    assert relative_error(actual, expected) < 1e-5, key


def test_zero_state_is_all_zeros():
  state = RSSM(3, 4, 5).zero_state(2)
  shapes = {key: tuple(value.shape) for key, value in state.items()}
  assert shapes == {
    'mean': (2, 3),
    'stddev': (2, 3),
    'sample': (2, 3),
    'belief': (2, 4),
  }
  assert all(np.all(value == 0) for value in map(np.asarray, state.values()))


def test_zero_layers_are_an_error():
  with pytest.raises(ValueError, match='num_layers .* got 0'):
    RSSM(3, 4, 5, num_layers=0)
