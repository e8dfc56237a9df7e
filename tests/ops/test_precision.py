"""Compares bfloat16, splits and XLA with float32 in one piece."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from planet_tf.agent import PlanetAgent
from planet_tf.config import factories, gin_files, model_factories
from planet_tf.config.model_factories import make_objectives
from planet_tf.data import read_episode

FREE_NATS = 1.0


@pytest.fixture(scope='module')
def batch(golden_root):
  files = sorted((golden_root / 'episodes' / 'cartpole_swingup').glob('*.npz'))
  episodes = [read_episode(path) for path in files]
  return {
    key: np.stack([episode[key][:12] for episode in episodes])
    for key in ('image', 'action', 'reward')
  }


def _model(*params):
  params = [f'make_world_model.{param}' for param in params]
  params.append(f'make_objectives.free_nats = {FREE_NATS}')
  gin_files.parse(['tasks/cartpole_swingup.gin'], params)
  model = model_factories.make_world_model(1, seed=0)
  # Shifts the priors, so that the divergence exceeds the free nats.
  prior = model.dynamics.prior_gaussian.mean.bias
  prior.assign(np.linspace(-1.0, 1.0, 30))
  return model


def _gradients(model, batch, seed):
  """Returns the loss, and the gradients of an update with their names."""
  model.compile(keras.optimizers.Adam(), make_objectives(), 1000.0)
  batch = {key: tf.constant(value) for key, value in batch.items()}
  compute = tf.function(
    lambda batch: model.optimization.gradients(batch, seed),
    jit_compile=model.jit or None,
  )
  metrics, (gradients,) = compute(batch)
  assert float(metrics['kl']) > FREE_NATS + 1
  paths = [variable.path for variable in model.trainable_variables]
  return float(metrics['loss']), paths, [g.numpy() for g in gradients]


def _compare(batch, *params, seed=None):
  """Compares gradients with those of float32 in one piece.

  Without a seed there is no noise, which would differ between splits.

  Returns:
    Cosine and ratio of norms by variable.
  """
  loss, paths, exact = _gradients(_model(), batch, seed)
  fast_loss, _, fast = _gradients(_model(*params), batch, seed)
  assert fast_loss == pytest.approx(loss, rel=1e-5)
  result = {}
  for path, one, two in zip(paths, exact, fast, strict=True):
    norms = np.linalg.norm(one), np.linalg.norm(two)
    assert norms[0] > 0, path
    cosine = np.vdot(one, two) / norms[0] / norms[1]
    result[path] = cosine, norms[1] / norms[0]
  return result


def test_bfloat16_gradients(batch):
  # TensorFlow's BiasAddGrad makes bias gradients 20 to 200 times too small.
  compared = _compare(batch, 'precision = "bfloat16"', seed=tf.constant([0, 1]))
  for path, (cosine, ratio) in compared.items():
    assert cosine > 0.99, path
    assert abs(ratio - 1) < 0.03, path


@pytest.mark.parametrize('setting', ['num_splits = 2', 'num_splits = 3'])
def test_splits_have_the_gradients_of_the_batch(batch, setting):
  for path, (cosine, ratio) in _compare(batch, setting).items():
    assert cosine > 1 - 1e-4, path
    assert abs(ratio - 1) < 1e-4, path


@pytest.mark.slow
def test_xla_gives_the_same_gradients(batch):
  compared = _compare(batch, 'jit_compile = True', seed=tf.constant([0, 1]))
  for path, (cosine, ratio) in compared.items():
    assert cosine > 1 - 1e-4, path
    assert abs(ratio - 1) < 1e-4, path


def test_splits_draw_different_noise(batch):
  seed = tf.constant([0, 1])
  one, _, _ = _gradients(_model(), batch, seed)
  two, _, _ = _gradients(_model('num_splits = 2'), batch, seed)
  assert one != two
  assert two == pytest.approx(one, rel=1e-3)


def _plan(*params, candidates=200, iterations=3, seed=3):
  gin_files.parse(
    [],
    [
      f'make_planner.candidates = {candidates}',
      f'make_planner.iterations = {iterations}',
      'make_planner.elites = 20',
      *(f'make_world_model.{param}' for param in params),
    ],
  )
  model = model_factories.make_world_model(2, seed=0)
  bound = np.ones(2, np.float32)
  agent = PlanetAgent(model, factories.make_planner(), -bound, bound)
  image = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
  state = agent.initial_state(2)
  result = agent.step(image, state, seed=np.array([0, seed], np.int32))
  assert agent.traces == 1
  return tf.nest.map_structure(np.asarray, result)


def test_bfloat16_returns():
  (action, _, plan), (fast_action, _, fast) = (
    _plan(f'precision = "{kind}"') for kind in ('float32', 'bfloat16')
  )
  # The first iteration draws the same candidates.
  np.testing.assert_allclose(fast.returns[0], plan.returns[0], rtol=0.02)
  assert action.shape == fast_action.shape == (2, 2)


def test_bfloat16_refit():
  (_, _, plan), (_, _, fast) = (
    _plan(f'precision = "{kind}"', iterations=1)
    for kind in ('float32', 'bfloat16')
  )
  np.testing.assert_allclose(fast.mean, plan.mean, atol=0.15)


def test_splits_plan_with_all_candidates():
  _, _, plan = _plan('num_splits = 3', candidates=100)
  _, _, again = _plan('num_splits = 3', candidates=100)
  np.testing.assert_array_equal(plan.mean, again.mean)
  _, _, whole = _plan(candidates=100)
  # The noise of the rollouts differs.
  np.testing.assert_allclose(plan.returns[0], whole.returns[0], atol=0.3)


@pytest.mark.slow
def test_xla_gives_the_same_plan():
  action, state, plan = _plan()
  fast_action, fast_state, fast = _plan('jit_compile = True')
  np.testing.assert_allclose(fast_action, action, atol=1e-3)
  np.testing.assert_allclose(fast.returns, plan.returns, atol=1e-3)
  for name, value in state.items():
    np.testing.assert_allclose(fast_state[name], value, atol=1e-3)
