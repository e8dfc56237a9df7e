"""The DRNN against the original's numbers."""

import numpy as np
import pytest

from planet_tf.models import DRNN, Wiring

FLIPPED = Wiring(*(not connected for connected in Wiring()))
VARIANTS = {
  'default': {},
  'mean_only': {'mean_only': True},
  'flipped': {'wiring': FLIPPED},
}


def _state(data, prefix):
  keys = ('encoder_state', 'decoder_state', 'mean', 'stddev', 'sample')
  return {key: data[f'{prefix}/{key}'] for key in keys}


@pytest.mark.parametrize('variant', VARIANTS)
@pytest.mark.parametrize('observed', ['used', 'unused'])
def test_step(golden, golden_model, relative_error, variant, observed):
  data = golden.load('drnn_cell.npz')
  cell = golden_model(DRNN(30, 200, 200, **VARIANTS[variant])).dynamics
  noise = np.stack([data['noise/prior'], data['noise/posterior']])
  prior, posterior = cell(
    _state(data, 'prev_state'),
    data['prev_action'],
    data['obs'] if observed == 'used' else None,
    noise,
  )
  for name, state in (('prior', prior), ('posterior', posterior)):
    expected = _state(data, f'{variant}/{observed}/{name}')
    assert state.keys() == expected.keys()
    for key, value in state.items():
      assert relative_error(value, expected[key]) < 1e-5, (name, key)
