"""Tests that the agent as a StableHLO program acts like the live agent."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from planet_tf.exporting import stablehlo

ROOT = pathlib.Path(__file__).parents[2]


pytest.importorskip('jax')


def test_example_prints_the_actions_of_the_agent(agent, facts, tmp_path):
  stablehlo.save(agent, facts, tmp_path, 1)
  manifest = json.loads((tmp_path / 'manifest.json').read_text())
  kinds = [x['kind'] for x in manifest['arguments']]
  assert kinds == sorted(kinds)  # Inputs, then weights.
  assert json.loads((tmp_path / 'metadata.json').read_text())['batch'] == 1
  result = subprocess.run(
    [sys.executable, ROOT / 'examples/run_stablehlo.py', tmp_path],
    capture_output=True,
    text=True,
  )
  assert result.returncode == 0, result.stderr
  lines = [x for x in result.stdout.splitlines() if 'action' in x]
  state = agent.initial_state(1)
  for decision, line in enumerate(lines):
    image = np.full((1, 64, 64, 3), 20 * decision, np.uint8)
    seed = np.array([0, decision], np.int32)
    action, state, _ = agent.step(image, state, seed=seed)
    found = line.split('action ')[1].strip('[]').split()
    np.testing.assert_allclose(
      [float(x) for x in found], action[0], rtol=1e-4, atol=1e-5
    )
  assert len(lines) == 5
