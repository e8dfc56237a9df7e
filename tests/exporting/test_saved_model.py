"""Tests that SavedModels act like the live agent, also without planet_tf."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from planet_tf.exporting.functions import AgentFunctions
from planet_tf.exporting.metadata import ExportError
from planet_tf.exporting.saved_model import EXTRA, SavedAgent, save
from planet_tf.exporting.weights import Int8Weights
from tests.exporting.conftest import make_agent

PROGRAM = """
import sys
import numpy as np
import tensorflow as tf

# One thread per split.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(2)
images = np.load('images.npy')
for number, path in enumerate(sys.argv[1:]):
  agent = tf.saved_model.load(path)
  for batch in (1, 8):
    state = agent.initial_state(batch)
    actions = []
    for decision, image in enumerate(images[:, :batch]):
      result = agent.act(
        image=image, reset=np.zeros(batch, bool), seed=[5, decision], **state
      )
      state = {name: result[name] for name in state}
      actions.append(result['action'].numpy())
    np.save(f'actions{number}_{batch}.npy', actions)
assert 'planet_tf' not in sys.modules
"""


def _images(batch):
  shape = (3, batch, 64, 64, 3)
  return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.fixture(scope='module')
def saved(functions, facts, tmp_path_factory):
  """Folder of a SavedModel."""
  return save(functions, facts, tmp_path_factory.mktemp('saved'))


@pytest.fixture(scope='module')
def saved_agent(saved):
  return SavedAgent(saved)


def test_a_process_without_planet_tf_acts_the_same(
  agent, saved, facts, tmp_path
):
  fast = make_agent(
    "make_world_model.precision = 'bfloat16'",
    'make_world_model.num_splits = 2',
  )
  saved_fast = save(AgentFunctions(fast), facts, tmp_path)
  images = _images(8)
  np.save(tmp_path / 'images.npy', images)
  result = subprocess.run(
    [sys.executable, '-I', '-c', PROGRAM, saved, saved_fast],
    capture_output=True,
    text=True,
    cwd=tmp_path,
  )
  assert result.returncode == 0, result.stderr
  for number, live in enumerate((agent, fast)):
    for batch in (1, 8):
      expected = _actions(live, images[:, :batch])
      actions = np.load(tmp_path / f'actions{number}_{batch}.npy')
      assert np.ptp(actions) > 0.01
      np.testing.assert_allclose(actions, expected, rtol=1e-5, atol=1e-6)


def _actions(agent, images):
  state, actions = agent.initial_state(images.shape[1]), []
  for decision, image in enumerate(images):
    seed = np.array([5, decision], np.int32)
    action, state, _ = agent.step(image, state, seed=seed)
    actions.append(action.numpy())
  return actions


def test_signatures_are_those_for_serving(saved, saved_agent):
  loaded = saved_agent.functions
  assert set(loaded.signatures) == {
    'act',
    'initial_state',
    'observe',
    'imagine',
    'reconstruct',
  }
  act = loaded.signatures['act']
  inputs = act.structured_input_signature[1]
  assert inputs['image'].shape.as_list() == [None, 64, 64, 3]
  assert inputs['image'].dtype == tf.uint8
  assert inputs['reset'].dtype == tf.bool
  states = {name for name in inputs if name.startswith('state_')}
  assert states == {
    f'state_{x}' for x in ('action', 'belief', 'mean', 'sample', 'stddev')
  }
  outputs = act.structured_outputs
  assert states < set(outputs)
  assert outputs['action'].shape.as_list() == [None, 2]
  assert all(x.shape[0] is None for x in outputs.values())
  metadata = json.loads((saved / EXTRA / 'metadata.json').read_text())
  assert metadata['tasks'] == {'dummy': {'action_repeat': 2}}
  assert metadata['counters']['updates'] == 7
  assert metadata['action']['minimum'] == [-1.0, -1.0]
  assert metadata['session']['tensorflow'] == tf.__version__
  assert 'make_planner.horizon' in (saved / EXTRA / 'config.gin').read_text()


def test_reset_replaces_the_state(saved_agent):
  functions = saved_agent.functions
  fresh = functions.initial_state(2)
  image = _images(2)[0]
  seed = np.array([1, 2], np.int32)
  used = {name: x + 0.5 for name, x in fresh.items()}
  reset = functions.act(image=image, reset=[True, False], seed=seed, **used)
  first = functions.act(image=image, reset=[False, False], seed=seed, **fresh)
  name = 'state_belief'
  np.testing.assert_allclose(reset[name][0], first[name][0], atol=1e-6)
  assert np.abs(reset[name][1] - first[name][1]).max() > 0.01


def test_noise_is_optional_and_stays_within_bounds(saved_agent):
  agent = saved_agent
  image, seed = _images(1)[0], np.array([1, 2], np.int32)
  state = agent.initial_state(1)
  action, _, results = agent.step(image, state, seed=seed)
  np.testing.assert_array_equal(action, results['plan_mean'][:, 0])
  noisy, _, _ = agent.step(image, state, seed=seed, exploration=50.0)
  assert np.all(np.abs(noisy) <= 1.0) and not np.array_equal(noisy, action)


def test_imagine_and_reconstruct_equal_the_model(agent, saved_agent):
  functions = saved_agent.functions
  images = _images(2).swapaxes(0, 1)
  actions = np.random.default_rng(1).normal(size=(2, 3, 2)).astype(np.float32)
  posterior = functions.observe(image=images, action=actions)
  state = {name: x[:, -1] for name, x in posterior.items()}
  imagined = functions.imagine(action=actions, **state)
  del state['state_action']
  state = {name.removeprefix('state_'): x for name, x in state.items()}
  expected = agent.model.predict_heads(agent.model.imagine(state, actions))
  np.testing.assert_allclose(
    imagined['reward'], expected['reward'], rtol=1e-5, atol=1e-6
  )
  byte = np.clip((expected['image'].numpy() + 0.5) * 255.0, 0, 255)
  assert np.abs(imagined['image'].numpy() - byte).max() <= 0.51
  decoded = functions.reconstruct(image=images, action=actions)
  assert decoded['image'].shape == (2, 3, 64, 64, 3)
  assert decoded['image'].dtype == tf.uint8


def test_eight_bits_are_small_and_close(
  agent, facts, saved, saved_agent, tmp_path
):
  before = [np.array(x) for x in agent.model.variables]
  small = save(AgentFunctions(agent, Int8Weights(agent.model)), facts, tmp_path)
  sizes = [
    sum(x.stat().st_size for x in (path / 'variables').iterdir())
    for path in (saved, small)
  ]
  assert sizes[1] < 0.3 * sizes[0]
  for old, variable in zip(before, agent.model.variables, strict=True):
    np.testing.assert_array_equal(old, variable)
  image, seed = _images(1)[0], np.array([1, 2], np.int32)
  states = []
  for loaded in (saved_agent, SavedAgent(small)):
    _, state, _ = loaded.step(image, loaded.initial_state(1), seed=seed)
    states.append(state['state_mean'])
  distance = np.abs(states[0] - states[1]).max()
  assert 0 < distance < 0.05 * np.abs(states[0]).max()


def test_each_export_is_the_next_version(functions, facts, tmp_path):
  (tmp_path / '.1').mkdir()  # Left by an interrupted export.
  for number in (1, 2):
    assert save(functions, facts, tmp_path) == tmp_path / str(number)
  assert SavedAgent(tmp_path).path == tmp_path / '2'
  assert not list(tmp_path.glob('.*'))


def test_invalid_folders_raise(facts, saved, tmp_path):
  with pytest.raises(ExportError, match='No SavedModel in'):
    SavedAgent(tmp_path)
  extra = tmp_path / '1' / EXTRA
  extra.mkdir(parents=True)
  (tmp_path / '1' / 'saved_model.pb').write_bytes(b'damaged')
  with pytest.raises(ExportError, match='metadata.json.* is missing'):
    SavedAgent(tmp_path)
  (extra / 'metadata.json').write_text(json.dumps({**facts, 'format': 99}))
  with pytest.raises(ExportError, match='in format 99, .* export it again'):
    SavedAgent(tmp_path)
  (extra / 'metadata.json').write_text(json.dumps(facts))
  with pytest.raises(ExportError, match='cannot be loaded with TensorFlow'):
    SavedAgent(tmp_path)
  (extra / 'metadata.json').write_text('{')
  with pytest.raises(ExportError, match='damaged'):
    SavedAgent(tmp_path)
