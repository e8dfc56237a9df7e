"""States and loops over time of all latent dynamics models.

`tests/test_layers.py` tests one step of each as a Keras layer.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from planet_tf import distributions
from planet_tf.models import DRNN, RNN, RSSM, SSM, Wiring

MODELS = {
  'rssm': lambda: RSSM(4, 7, 5),
  'rssm_two_layers': lambda: RSSM(4, 7, 5, num_layers=2, activation='elu'),
  'rssm_without_future_rnn': lambda: RSSM(4, 7, 5, future_rnn=False),
  'ssm': lambda: SSM(4, 5),
  'drnn': lambda: DRNN(4, 7, 5),
  'drnn_all_wired': lambda: DRNN(4, 7, 5, wiring=Wiring(*[True] * 6)),
  'drnn_not_wired': lambda: DRNN(4, 7, 5, wiring=Wiring(*[False] * 6)),
  'rnn': lambda: RNN(7, 5),
}
BATCH, LENGTH, ACTION, EMBEDDING = 3, 6, 2, 9


@pytest.fixture(params=MODELS)
def cell(request):
  keras.utils.set_random_seed(1)
  cell = MODELS[request.param]()
  cell.build((None, ACTION), (None, EMBEDDING))
  return cell


@pytest.fixture
def inputs(cell):
  random = np.random.default_rng(0)

  def normal(*shape):
    return tf.constant(random.normal(size=shape), tf.float32)

  return (
    normal(BATCH, LENGTH, EMBEDDING),
    normal(BATCH, LENGTH, ACTION),
    normal(2, BATCH, LENGTH, cell.stochastic_size),
  )


def _assert_close(actual, expected, tolerance=1e-5):
  tf.nest.assert_same_structure(actual, expected)
  for a, b in zip(
    tf.nest.flatten(actual), tf.nest.flatten(expected), strict=True
  ):
    np.testing.assert_allclose(a, b, atol=tolerance, rtol=tolerance)


def test_shapes(cell, inputs):
  assert set(cell.state_sizes) >= {'mean', 'stddev', 'sample'}
  for states in cell.observe(*inputs):
    for name, size in cell.state_sizes.items():
      assert states[name].shape == (BATCH, LENGTH, size), name
    features = cell.features(states)
    assert features.shape == (BATCH, LENGTH, cell.feature_size)
  for name, value in cell.zero_state(BATCH).items():
    assert value.shape == (BATCH, cell.state_sizes[name])
    assert np.all(np.asarray(value) == 0)


def test_observe_equals_single_steps(cell, inputs):
  embedding, actions, noise = inputs
  priors, posteriors = cell.observe(embedding, actions, noise)
  state = cell.zero_state(BATCH)
  for t in range(LENGTH):
    prior, state = cell(state, actions[:, t], embedding[:, t], noise[:, :, t])
    _assert_close(prior, {k: v[:, t] for k, v in priors.items()})
    _assert_close(state, {k: v[:, t] for k, v in posteriors.items()})


def test_observe_continues_from_a_state(cell, inputs):
  embedding, actions, noise = inputs
  _, whole = cell.observe(embedding, actions, noise)
  _, first = cell.observe(embedding[:, :2], actions[:, :2], noise[:, :, :2])
  last = {name: value[:, -1] for name, value in first.items()}
  _, rest = cell.observe(
    embedding[:, 2:], actions[:, 2:], noise[:, :, 2:], last
  )
  _assert_close(rest, {name: value[:, 2:] for name, value in whole.items()})


def test_step_without_noise_takes_the_means(cell, inputs):
  embedding, actions, _ = inputs
  for state in cell(cell.zero_state(BATCH), actions[:, 0], embedding[:, 0]):
    np.testing.assert_array_equal(state['sample'], state['mean'])


def test_imagine_equals_single_steps_without_observations(cell, inputs):
  embedding, actions, noise = inputs
  _, start = cell(
    cell.zero_state(BATCH), actions[:, 0], embedding[:, 0], noise[:, :, 0]
  )
  predicted = cell.imagine(actions, noise[0], start)
  state = start
  for t in range(LENGTH):
    prior, state = cell(state, actions[:, t], noise=noise[:, :, t])
    _assert_close(prior, state)
    _assert_close(state, {k: v[:, t] for k, v in predicted.items()})


def test_observe_in_a_graph_equals_eager(cell, inputs):
  _assert_close(tf.function(cell.observe)(*inputs), cell.observe(*inputs))


def test_sequences_of_a_batch_are_independent(cell, inputs):
  embedding, actions, noise = inputs
  _, together = cell.observe(embedding, actions, noise)
  for i in range(BATCH):
    one = slice(i, i + 1)
    _, alone = cell.observe(embedding[one], actions[one], noise[:, one])
    _assert_close(alone, {k: v[one] for k, v in together.items()})


def test_observation_changes_the_posterior_only(cell, inputs):
  embedding, actions, noise = inputs
  state = cell.imagine(actions[:, :2], noise[0][:, :2], cell.zero_state(3))
  state = {k: v[:, -1] for k, v in state.items()}
  step = (state, actions[:, 2])
  first = cell(*step, embedding[:, 0], noise[:, :, 0])
  second = cell(*step, embedding[:, 1], noise[:, :, 0])
  _assert_close(first[0], second[0])
  difference = cell.features(first[1]) - cell.features(second[1])
  assert np.max(np.abs(difference)) > 1e-3


def test_every_variable_has_a_gradient(cell, inputs):
  with tf.GradientTape() as tape:
    prior, posterior = cell.observe(*inputs)
    loss = tf.reduce_mean(distributions.divergence(posterior, prior))
    loss += tf.reduce_mean(cell.features(posterior) ** 2)
  gradients = tape.gradient(loss, cell.trainable_variables)
  for variable, gradient in zip(
    cell.trainable_variables, gradients, strict=True
  ):
    assert gradient is not None, variable.path
    assert np.any(np.asarray(gradient) != 0), variable.path


def test_noise_changes_stochastic_states_only(cell, inputs):
  embedding, actions, noise = inputs
  _, first = cell.observe(embedding, actions, noise)
  _, second = cell.observe(embedding, actions, -noise)
  same = np.array_equal(first['sample'], second['sample'])
  assert same == cell.mean_only


@pytest.mark.parametrize('make', [RSSM, SSM, DRNN])
def test_negative_min_stddev_is_an_error(make):
  sizes = (3, 4) if make is SSM else (3, 4, 5)
  with pytest.raises(ValueError, match='min_stddev .* got -1'):
    make(*sizes, min_stddev=-1)
