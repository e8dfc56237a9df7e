"""Tests that the agent in LiteRT acts like the live agent."""

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.exporting import litert

interpreter = pytest.importorskip('ai_edge_litert.interpreter')


def _noise(agent, batch, rng):
  return {
    name: (
      rng.normal(size=x['shape'])
      if 'normal' in x
      else rng.uniform(0, x['uniform'], x['shape'])
    ).astype(np.float32)
    for name, x in litert.noise_inputs(agent, batch).items()
  }


@pytest.fixture(scope='module')
def saved(agent, facts, tmp_path_factory):
  """Model files by the number of environments."""
  folder = tmp_path_factory.mktemp('litert')
  for batch in (1, 2):
    litert.save(agent, facts, folder / str(batch), batch)
  return {batch: folder / str(batch) / litert.FILE for batch in (1, 2)}


@pytest.mark.parametrize('batch', [1, 2])
def test_actions_are_equal(agent, saved, batch):
  model = interpreter.Interpreter(str(saved[batch]))
  act = model.get_signature_runner('act')
  rng = np.random.default_rng(0)
  live, state = agent.initial_state(batch), None
  for _ in range(3):
    image = rng.integers(0, 256, (batch, 64, 64, 3), np.uint8)
    noise = _noise(agent, batch, rng)
    if state is None:
      state = {f'state_{k}': x.numpy() for k, x in live.items()}
    scale = np.float32(0.3)
    results = act(image=image, noise_scale=scale, **state, **noise)
    state = {name: results[name] for name in state}
    given = {
      name.removeprefix('noise_'): tf.constant(x) for name, x in noise.items()
    }
    action, live, plan = agent.perform(image, live, None, scale, given)
    np.testing.assert_allclose(results['action'], action, atol=1e-5)
    np.testing.assert_allclose(results['plan_mean'], plan.mean, atol=1e-5)


def test_eight_bits_take_less_space(agent, saved):
  small = litert.convert(agent, 1, quantize=True)
  assert len(small) < 0.5 * saved[1].stat().st_size
