"""Compares the agent with the original."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.agent import PlanetAgent
from planet_tf.control.planning import CrossEntropyMethod


@pytest.fixture
def agent(golden, golden_model):
  data = golden.load('agent.npz')
  planner = CrossEntropyMethod(
    horizon=int(data['horizon']),
    iterations=int(data['iterations']),
    candidates=int(data['amount']),
    elites=int(data['topk']),
  )
  bound = np.ones(6, np.float32)
  return PlanetAgent(golden_model(), planner, -bound, bound)


def _check_distribution(plan, data, frame, iterations, relative_error):
  means, stddevs = data['means'][frame], data['stddevs'][frame]
  assert relative_error(plan.mean, means[iterations - 1]) < 1e-5
  assert relative_error(plan.stddev, stddevs[iterations - 1]) < 1e-5


def test_four_frames(golden, agent, relative_error):
  data = golden.load('agent.npz')
  iterations, horizon = int(data['iterations']), int(data['horizon'])
  state = agent.initial_state(1)
  for frame in range(4):
    if frame == 3:  # The golden data start a new episode here.
      state = agent.initial_state(1)
    rollouts = data['noise/state'][frame]
    noise = {
      'dequantization': data['noise/pre'][frame],
      'posterior': data['noise/posterior'][frame],
      'candidates': tf.constant(data['noise/proposals'][frame]),
      'rollouts': tf.constant(rollouts.reshape(iterations, horizon, -1, 30)),
      'exploration': data['noise/explore'][frame],
    }
    image = tf.constant(data['image_uint8'][frame : frame + 1])
    for count in range(1, iterations):
      planner = dataclasses.replace(agent.planner, iterations=count)
      shorter = PlanetAgent(agent.model, planner, agent.minimum, agent.maximum)
      _, _, plan = shorter.perform(image, state, None, 0.3, noise)
      _check_distribution(plan, data, frame, count, relative_error)
    action, state, plan = agent.perform(image, state, None, 0.3, noise)
    _check_distribution(plan, data, frame, iterations, relative_error)
    assert relative_error(plan.action, data['planned'][frame]) < 1e-5
    assert relative_error(action, data['action'][frame]) < 1e-5
    for key in ('mean', 'stddev', 'sample', 'belief'):
      expected = data[f'state/{key}'][frame]
      assert relative_error(state[key], expected) < 1e-5, key


def test_step_is_traced_once_for_all_batch_sizes(agent):
  for batch in (1, 2, 1):
    images = np.zeros((batch, 64, 64, 3), np.uint8)
    state = agent.initial_state(batch)
    for decision in range(2):
      seed = np.array([0, decision], np.int32)
      action, state, _ = agent.step(images, state, seed=seed, exploration=0.3)
      assert action.shape == (batch, 6)
  assert agent.traces == 1


def test_same_seed_same_action_and_no_noise_without_exploration(agent):
  image = np.zeros((1, 64, 64, 3), np.uint8)
  state = agent.initial_state(1)
  seed = np.array([1, 2], np.int32)
  first, _, plan = agent.step(image, state, seed=seed)
  second, _, _ = agent.step(image, state, seed=seed)
  noisy, _, _ = agent.step(image, state, seed=seed, exploration=0.3)
  np.testing.assert_array_equal(first, second)
  np.testing.assert_array_equal(first, plan.action)
  assert not np.array_equal(first, noisy)
