"""What the documents name exists: settings, files, tests, commands."""

import pathlib
import re

import pytest

from planet_tf.config import gin_files, registry  # noqa: F401

ROOT = pathlib.Path(__file__).parents[1]
DOCUMENTS = sorted(
  str(path.relative_to(ROOT))
  for folder in ('.', 'docs', 'examples', 'results')
  for path in (ROOT / folder).glob('*.md')
)
FOLDERS = 'planet_tf|gin_configs|tools|tests|docs|results|examples'

# Read by the original's scripts/configs.py and scripts/tasks.py.
ORIGINAL_OPTIONS = """
  action_noise_min action_noise_ramp action_repeat activation batch_shape
  bound_action camera_id checkpoint_every collect_every collect_objective
  divergence_scale drnn_action_to_decoder drnn_decoder_to_encoder
  drnn_decoder_to_sample drnn_encoder_to_decoder drnn_sample_to_encoder
  drnn_sample_to_sample free_nats future_rnn global_div_scale gradient_heads
  image_bits isolate_envs loader loader_every main_gradient_clipping
  main_learning_rate max_steps mean_only min_stddev model model_layers
  model_size network num_chunks num_layers num_seed_episodes num_units
  os_stop_posterior_grad overshooting_distance overshooting_scale planner
  planner_amount planner_horizon planner_iterations planner_topk
  state_diagnostics state_size tasks test_collects test_steps
  train_action_noise train_collects train_steps
"""


def _code(document):
  """What stands in backticks."""
  return re.findall(r'`([^`\n]+)`', (ROOT / document).read_text())


def test_documents_are_found():
  assert {'README.md', 'docs/FIDELITY.md'} <= set(DOCUMENTS)


@pytest.mark.parametrize('document', DOCUMENTS)
def test_settings_exist(document):
  known = {
    name: registry.settable(function)
    for name, function in registry.registered().items()
  }
  for code in _code(document):
    match = re.match(r'(?:\w+/)?(\w+)\.([a-z_]+)\b(?!\()', code)
    if match and match[1] in known and match[2] not in ('gin', 'py'):
      assert match[2] in known[match[1]], code


@pytest.mark.parametrize('document', DOCUMENTS)
def test_files_and_tests_exist(document):
  for code in _code(document):
    match = re.fullmatch(rf'((?:{FOLDERS})/[\w./]+)(?:::(\w+))?', code)
    if not match:
      continue
    path = ROOT / match[1]
    assert path.exists(), code
    if match[2]:
      assert f'def {match[2]}(' in path.read_text(), code


@pytest.mark.parametrize('document', DOCUMENTS)
def test_links_lead_somewhere(document):
  folder = (ROOT / document).parent
  for target in re.findall(
    r'\]\(([^)#:]+)(?:#[^)]*)?\)', (ROOT / document).read_text()
  ):
    assert (folder / target).exists(), target


def test_what_the_makefile_uses_exists():
  text = (ROOT / 'Makefile').read_text()
  for path in re.findall(r'=(examples/\w+)', text):
    assert (ROOT / path).exists(), path


def test_every_option_of_the_original_is_mapped():
  text = (ROOT / 'docs/FIDELITY.md').read_text()
  table = text.split('### Option by option')[1].split('\n## ')[0]
  rows = [line for line in table.splitlines() if line.startswith('|')]
  named = {
    name for row in rows for name in re.findall(r'`(\w+)`', row.split('|')[1])
  }
  assert set(ORIGINAL_OPTIONS.split()) <= named
