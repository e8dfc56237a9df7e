"""Compares the planner with the original and with known solutions."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.control.planning import CrossEntropyMethod

PLANNER = CrossEntropyMethod(
  horizon=3, iterations=10, candidates=500, elites=50
)


def _sum(actions, iteration):
  return tf.reduce_sum(actions, (2, 3))


def _state(data, case):
  keys = ('mean', 'stddev', 'sample', 'belief')
  state = {key: data[f'{case}/state/{key}'] for key in keys}
  state['belief'] = data[f'{case}/state/rnn_state']
  return state


def _golden_planner(data):
  return CrossEntropyMethod(
    horizon=int(data['horizon']),
    iterations=int(data['iterations']),
    candidates=int(data['amount']),
    elites=int(data['topk']),
  )


def _plan(data, case, model, planner):
  state = _state(data, case)
  noise = None
  if case == 'noise':
    noise = data['noise/state_noise']
    noise = noise.reshape(len(noise), planner.horizon, -1, 30)

  all_returns = []

  def score(actions, iteration):
    step = None if noise is None else tf.gather(noise, iteration)
    returns = model.score(state, actions, noise=step)
    all_returns.append(returns)
    return returns

  plan = planner(
    score,
    batch=len(state['mean']),
    action_size=3,
    noise=tf.constant(data[f'{case}/proposals']),
  )
  return plan, np.stack(all_returns)


@pytest.mark.parametrize('case', ['mean_only', 'noise'])
def test_golden(golden, golden_model, relative_error, case):
  data = golden.load('cem.npz')
  model = golden_model(action_size=3, mean_only=case == 'mean_only')
  planner = _golden_planner(data)
  plan, returns = _plan(data, case, model, planner)
  assert relative_error(plan.mean, data[f'{case}/mean']) < 1e-5
  assert relative_error(returns[:, 0], data[f'{case}/returns']) < 1e-5
  for count in range(1, planner.iterations + 1):
    shorter = dataclasses.replace(planner, iterations=count)
    plan, _ = _plan(data, case, model, shorter)
    means, stddevs = data[f'{case}/means'], data[f'{case}/stddevs']
    assert relative_error(plan.mean, means[count - 1]) < 1e-5, count
    assert relative_error(plan.stddev, stddevs[count - 1]) < 1e-5, count


def test_each_environment_is_planned_from_its_own_state(
  golden, golden_model, relative_error
):
  data = golden.load('cem.npz')
  planner = _golden_planner(data)
  model = golden_model(action_size=3, mean_only=True)
  both, _ = _plan(data, 'batch2', model, planner)
  # The original mixes up the states, so its numbers differ.
  assert relative_error(both.mean, data['batch2/mean']) > 1e-3
  for agent in range(2):
    alone = {k: v[agent : agent + 1] for k, v in data.items() if 'batch2' in k}
    alone['batch2/proposals'] = data['batch2/proposals'][:, agent : agent + 1]
    plan, _ = _plan({**data, **alone}, 'batch2', model, planner)
    assert relative_error(both.mean[agent], plan.mean[0]) < 1e-5


def test_solves_a_quadratic_in_each_environment():
  target = np.array([[[0.3, -0.4]], [[-0.7, 0.1]]], np.float32)

  def score(actions, iteration):
    return -tf.reduce_sum((actions - target[:, None]) ** 2, (2, 3))

  plan = PLANNER(score, batch=2, action_size=2, seed=(1, 2))
  expected = np.broadcast_to(target, (2, 3, 2))
  np.testing.assert_allclose(plan.mean, expected, atol=0.02)
  np.testing.assert_allclose(plan.action, expected[:, 0], atol=0.02)
  assert np.all(np.diff(plan.elite_returns.numpy()[[0, -1]], axis=0) > 0)


def test_stays_within_the_bounds_of_each_action():
  maximum = np.array([0.5, 2.0], np.float32)
  plan = PLANNER(
    _sum,
    batch=1,
    action_size=2,
    minimum=-maximum,
    maximum=maximum,
    seed=(0, 0),
  )
  assert np.all(plan.mean.numpy() <= maximum)
  np.testing.assert_allclose(plan.mean.numpy()[0, 0], maximum, atol=0.05)


def test_refit_to_drawn_elites_reaches_the_bounds():
  scored = []

  def score(actions, iteration):
    scored.append(actions)
    return _sum(actions, iteration)

  arguments = {'batch': 2, 'action_size': 3, 'seed': [1, 2]}
  planner = dataclasses.replace(PLANNER, iterations=3)
  clipped = planner(score, **arguments)
  planner = dataclasses.replace(planner, refit_clipped=False)
  drawn = planner(score, **arguments)
  assert np.abs(tf.stack(scored)).max() <= 1.0
  assert np.all(clipped.mean <= 1.0) and np.all(clipped.action < 1.0)
  assert np.all(drawn.mean[:, 0] > 1.0)
  np.testing.assert_array_equal(drawn.action, np.ones((2, 3)))


def test_random_shooting_executes_the_single_best_candidate():
  noise = np.random.default_rng(0).normal(size=(1, 1, 20, 2, 1))
  actions = np.clip(noise[0, 0], -1, 1)
  planner = CrossEntropyMethod(horizon=2, iterations=1, candidates=20, elites=1)
  plan = planner(
    lambda actions, iteration: -tf.reduce_sum((actions - 0.5) ** 2, (2, 3)),
    batch=1,
    action_size=1,
    noise=tf.constant(noise, tf.float32),
  )
  best = np.argmin(np.sum((actions - 0.5) ** 2, (1, 2)))
  np.testing.assert_allclose(plan.mean[0], actions[best], rtol=1e-6)


def test_same_seed_same_plan():
  def plan(seed):
    planner = dataclasses.replace(PLANNER, iterations=1)
    return planner(_sum, batch=1, action_size=2, seed=seed).mean.numpy()

  np.testing.assert_array_equal(plan((3, 4)), plan((3, 4)))
  assert not np.array_equal(plan((3, 4)), plan((3, 5)))


@pytest.mark.parametrize(
  'change, message',
  [
    ({'horizon': 0}, 'horizon must be at least 1, got 0'),
    ({'iterations': 0}, 'iterations must be at least 1, got 0'),
    ({'elites': 0}, 'elites must be between 1 and candidates=500, got 0'),
    ({'elites': 501}, 'elites must be between 1 and candidates=500, got 501'),
  ],
)
def test_settings_out_of_range(change, message):
  with pytest.raises(ValueError, match=message):
    dataclasses.replace(PLANNER, **change)


@pytest.mark.parametrize(
  'randomness', [{}, {'seed': (0, 0), 'noise': tf.zeros((1, 1, 1, 1, 1))}]
)
def test_takes_either_a_seed_or_noise(randomness):
  with pytest.raises(ValueError, match='either a seed or noise'):
    PLANNER(_sum, batch=1, action_size=1, **randomness)


def test_equal_planners_have_equal_hashes():
  assert len({PLANNER, dataclasses.replace(PLANNER)}) == 1
  assert len({PLANNER, dataclasses.replace(PLANNER, elites=5)}) == 2
