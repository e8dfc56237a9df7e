"""The planner against the original's numbers and problems with an answer."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.control.planning import cross_entropy_method

SETTINGS = {'horizon': 3, 'iterations': 10, 'candidates': 500, 'elites': 50}


def _state(data, case):
  keys = ('mean', 'stddev', 'sample', 'belief')
  state = {key: data[f'{case}/state/{key}'] for key in keys}
  state['belief'] = data[f'{case}/state/rnn_state']
  return state


def _plan(data, case, model, state=None):
  state = state or _state(data, case)
  iterations, horizon = int(data['iterations']), int(data['horizon'])
  noise = None
  if case == 'noise':
    noise = data['noise/state_noise']
    noise = noise.reshape(iterations, horizon, -1, 30)

  all_returns = []

  def score(actions, iteration):
    step = None if noise is None else tf.gather(noise, iteration)
    returns = model.score(state, actions, step)
    all_returns.append(returns)
    return returns

  plan = cross_entropy_method(
    score,
    batch=len(state['mean']),
    action_size=3,
    horizon=horizon,
    iterations=iterations,
    candidates=int(data['amount']),
    elites=int(data['topk']),
    noise=tf.constant(data[f'{case}/proposals']),
  )
  return plan, np.stack(all_returns)


@pytest.mark.parametrize('case', ['mean_only', 'noise'])
def test_golden(golden, golden_model, relative_error, case):
  data = golden.load('cem.npz')
  model = golden_model(action_size=3, mean_only=case == 'mean_only')
  plan, returns = _plan(data, case, model)
  assert relative_error(plan.mean, data[f'{case}/mean']) < 1e-5
  assert relative_error(plan.means, data[f'{case}/means']) < 1e-5
  assert relative_error(plan.stddevs, data[f'{case}/stddevs']) < 1e-5
  assert relative_error(returns[:, 0], data[f'{case}/returns']) < 1e-5


def test_batch_plans_each_agent_from_its_own_state(
  golden, golden_model, relative_error
):
  data = golden.load('cem.npz')
  model = golden_model(action_size=3, mean_only=True)
  both, _ = _plan(data, 'batch2', model)
  # The original mixes up the agents, so its numbers are not ours.
  assert relative_error(both.mean, data['batch2/mean']) > 1e-3
  for agent in range(2):
    alone = {k: v[agent : agent + 1] for k, v in data.items() if 'batch2' in k}
    alone['batch2/proposals'] = data['batch2/proposals'][:, agent : agent + 1]
    plan, _ = _plan({**data, **alone}, 'batch2', model)
    assert relative_error(both.mean[agent], plan.mean[0]) < 1e-5


def test_solves_a_quadratic_in_each_environment():
  target = np.array([[[0.3, -0.4]], [[-0.7, 0.1]]], np.float32)

  def score(actions, iteration):
    return -tf.reduce_sum((actions - target[:, None]) ** 2, (2, 3))

  plan = cross_entropy_method(
    score, batch=2, action_size=2, seed=(1, 2), **SETTINGS
  )
  expected = np.broadcast_to(target, (2, 3, 2))
  np.testing.assert_allclose(plan.mean, expected, atol=0.02)
  np.testing.assert_allclose(plan.action, expected[:, 0], atol=0.02)
  assert np.all(np.diff(plan.elite_returns.numpy()[[0, -1]], axis=0) > 0)


def test_stays_within_the_bounds_of_each_action():
  maximum = np.array([0.5, 2.0], np.float32)
  plan = cross_entropy_method(
    lambda actions, iteration: tf.reduce_sum(actions, (2, 3)),
    batch=1,
    action_size=2,
    minimum=-maximum,
    maximum=maximum,
    seed=(0, 0),
    **SETTINGS,
  )
  assert np.all(plan.mean.numpy() <= maximum)
  np.testing.assert_allclose(plan.mean.numpy()[0, 0], maximum, atol=0.05)


def test_refit_to_what_was_drawn_reaches_the_bounds():
  scored = []

  def score(actions, iteration):
    scored.append(actions)
    return tf.reduce_sum(actions, (2, 3))  # The greater, the better.

  arguments = {'batch': 2, 'action_size': 3, 'seed': [1, 2], **SETTINGS}
  arguments['iterations'] = 3
  clipped = cross_entropy_method(score, **arguments)
  drawn = cross_entropy_method(score, **arguments, refit_clipped=False)
  assert np.abs(tf.stack(scored)).max() <= 1.0
  assert np.all(clipped.mean <= 1.0) and np.all(clipped.action < 1.0)
  assert np.all(drawn.mean[:, 0] > 1.0)
  np.testing.assert_array_equal(drawn.action, np.ones((2, 3)))


def test_random_shooting_executes_the_single_best_candidate():
  noise = np.random.default_rng(0).normal(size=(1, 1, 20, 2, 1))
  actions = np.clip(noise[0, 0], -1, 1)
  plan = cross_entropy_method(
    lambda actions, iteration: -tf.reduce_sum((actions - 0.5) ** 2, (2, 3)),
    batch=1,
    action_size=1,
    horizon=2,
    iterations=1,
    candidates=20,
    elites=1,
    noise=tf.constant(noise, tf.float32),
  )
  best = np.argmin(np.sum((actions - 0.5) ** 2, (1, 2)))
  np.testing.assert_allclose(plan.mean[0], actions[best], rtol=1e-6)


def test_same_seed_same_plan():
  def plan(seed):
    return cross_entropy_method(
      lambda actions, iteration: tf.reduce_sum(actions, (2, 3)),
      batch=1,
      action_size=2,
      seed=seed,
      **{**SETTINGS, 'iterations': 1},
    ).mean.numpy()

  np.testing.assert_array_equal(plan((3, 4)), plan((3, 4)))
  assert not np.array_equal(plan((3, 4)), plan((3, 5)))


@pytest.mark.parametrize(
  'change, message',
  [
    ({'iterations': 0}, 'at least 1 iteration, got 0'),
    ({'elites': 501}, 'between 1 and candidates=500, got 501'),
    ({'seed': None}, 'either a seed or noise'),
  ],
)
def test_bad_settings(change, message):
  settings = {**SETTINGS, 'seed': (0, 0), **change}
  with pytest.raises(ValueError, match=message):
    cross_entropy_method(lambda *_: None, batch=1, action_size=1, **settings)
