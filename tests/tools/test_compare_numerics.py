"""Tests of the comparison of numerics on recorded data."""

import json

import numpy as np
import pytest

from planet_tf.data import write_episode
from tests.commands import run_tool
from tools.compare_numerics import comparison as compare


def _history(offset):
  values = (np.arange(100.0) + offset).tolist()
  return {'loss': values, 'kl': values}


def test_distances_are_means_over_windows():
  noise = np.tile([1.0, -1.0], 50)
  histories = {
    compare.REFERENCE: _history(0.0),
    compare.OTHER_NOISE: _history(noise),
    'bfloat16': _history(0.5),
  }
  result = compare.distances(histories)
  assert result[compare.OTHER_NOISE]['loss'] == pytest.approx(0)
  assert result['bfloat16'] == pytest.approx({'loss': 0.5, 'kl': 0.5})
  assert compare.REFERENCE not in result


@pytest.mark.slow
def test_all_variants_train(tmp_path):
  generator = np.random.default_rng(0)
  write_episode(
    tmp_path / 'episodes',
    {
      'image': generator.integers(0, 256, (20, 64, 64, 3), np.uint8),
      'action': generator.uniform(-1, 1, (20, 2)),
      'reward': generator.uniform(0, 1, 20),
    },
  )
  output = tmp_path / 'out'
  result = run_tool(
    'compare_numerics',
    f'--episodes={tmp_path / "episodes"}',
    f'--output={output}',
    '--gin_file=scale/debug.gin',
    '--updates=3',
    timeout=600,
  )
  assert result.returncode == 0, result.stderr
  summary = json.loads((output / 'summary.json').read_text())
  found = summary['mean_distance_from_float32']
  assert compare.OTHER_NOISE in found and 'bfloat16' in found
  assert found['bfloat16']['loss'] < 0.01 * 12000
  lines = (output / 'losses.csv').read_text().splitlines()
  assert len(lines) == 1 + 3 * len(summary['last_window'])
  assert (output / 'losses.png').stat().st_size > 10000


def test_a_folder_without_episodes_is_named(tmp_path):
  result = run_tool(
    'compare_numerics',
    f'--episodes={tmp_path}',
    f'--output={tmp_path / "out"}',
  )
  assert result.returncode == 2
  assert 'has no episodes' in result.stderr.splitlines()[-1]
