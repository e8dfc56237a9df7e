"""The agent in LiteRT acts like the live one for the same noise."""

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


@pytest.mark.parametrize('batch', [1, 2])
def test_actions_are_equal(agent, facts, tmp_path, batch):
  litert.save(agent, facts, tmp_path, batch)
  model = interpreter.Interpreter(str(tmp_path / litert.FILE))
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


def test_eight_bits_take_less_space(agent):
  full, small = (litert.convert(agent, 1, quantize) for quantize in (0, 1))
  assert len(small) < 0.5 * len(full)
