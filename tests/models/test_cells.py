"""One step of each latent dynamics model equals the original's numbers."""

import numpy as np
import pytest

from planet_tf.models import DRNN, RSSM, SSM, Wiring

FLIPPED = Wiring(*(not connected for connected in Wiring()))
CELLS = {
  'rssm_cell.npz': {
    'default': lambda: RSSM(30, 200, 200),
    'future_rnn_false': lambda: RSSM(30, 200, 200, future_rnn=False),
    'num_layers_2': lambda: RSSM(30, 200, 200, num_layers=2),
    'mean_only': lambda: RSSM(30, 200, 200, mean_only=True),
    'elu_min_stddev_0.01': lambda: RSSM(
      30, 200, 200, activation='elu', min_stddev=0.01
    ),
  },
  'ssm_cell.npz': {
    'default': lambda: SSM(30, 200),
    'mean_only': lambda: SSM(30, 200, mean_only=True),
    'elu': lambda: SSM(30, 200, activation='elu'),
  },
  'drnn_cell.npz': {
    'default': lambda: DRNN(30, 200, 200),
    'mean_only': lambda: DRNN(30, 200, 200, mean_only=True),
    'flipped': lambda: DRNN(30, 200, 200, wiring=FLIPPED),
  },
}


def _state(data, prefix, names):
  """Returns a stored state; the original names the belief `rnn_state`."""
  stored = {'belief': 'rnn_state'}
  return {x: data[f'{prefix}/{stored.get(x, x)}'] for x in names}


@pytest.mark.parametrize(
  'file, variant', [(file, x) for file, cells in CELLS.items() for x in cells]
)
@pytest.mark.parametrize('observed', ['used', 'unused'])
def test_step_equals_the_original(
  golden, golden_model, relative_error, file, variant, observed
):
  data = golden.load(file)
  cell = golden_model(CELLS[file][variant]()).dynamics
  prior, posterior = cell(
    _state(data, 'prev_state', cell.state_sizes),
    data['prev_action'],
    data['obs'] if observed == 'used' else None,
    np.stack([data['noise/prior'], data['noise/posterior']]),
  )
  for name, state in (('prior', prior), ('posterior', posterior)):
    prefix = f'{variant}/{observed}/{name}'
    expected = _state(data, prefix, cell.state_sizes)
    assert state.keys() == expected.keys()
    for key, value in state.items():
      assert relative_error(value, expected[key]) < 1e-5, (name, key)
