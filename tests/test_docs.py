"""The documents are true: names and links exist, Python examples run."""

import pathlib
import re
import sys

import pytest

from tools import draw_dependencies

ROOT = pathlib.Path(__file__).parents[1]
DOCUMENTS = sorted(
  str(path.relative_to(ROOT))
  for folder in ('.', 'docs', 'examples', 'results', 'tests/golden')
  for path in (ROOT / folder).glob('*.md')
)
# The changelog also lists old names.
CURRENT = [name for name in DOCUMENTS if name != 'CHANGELOG.md']
FOLDERS = 'planet_tf|gin_configs|tools|tests|docs|results|examples'
# Comment before a Python example that a test runs, with its file name if other
# examples of the page import it.
RUNNABLE = re.compile(
  r'^<!-- runnable(?:: (?P<name>[\w.]+))? -->\n'
  r'```python\n(?P<code>.*?)^```$',
  re.DOTALL | re.MULTILINE,
)

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


def read(document):
  return (ROOT / document).read_text()


def inline_code(document):
  """Returns the texts in backticks."""
  return re.findall(r'`([^`\n]+)`', read(document))


def slug(heading):
  """Returns the anchor of a heading, as GitHub and mkdocs name it."""
  return re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')


def runnable_documents():
  return [name for name in DOCUMENTS if RUNNABLE.search(read(name))]


def test_documents_are_found():
  assert {'README.md', 'docs/FIDELITY.md'} <= set(DOCUMENTS)


@pytest.fixture(scope='module')
def settings():
  """Names of the parameters that gin files can set, by function."""
  from planet_tf.config import gin_files, registry  # noqa: F401

  return {
    name: registry.settable(function)
    for name, function in registry.registered().items()
  }


@pytest.mark.parametrize('document', CURRENT)
def test_settings_exist(document, settings):
  for code in inline_code(document):
    match = re.match(r'(?:\w+/)?(\w+)\.([a-z_]+)\b(?!\()', code)
    if match and match[1] in settings and match[2] not in ('gin', 'py'):
      assert match[2] in settings[match[1]], code


@pytest.mark.parametrize('document', DOCUMENTS)
def test_files_and_tests_exist(document):
  for code in inline_code(document):
    assert not code.startswith('::'), f'{code} lacks its file'
    match = re.fullmatch(rf'((?:{FOLDERS})/[\w./]+)(?:::(\w+))?', code)
    if match:
      path = ROOT / match[1]
      assert path.exists(), code
      if match[2]:
        assert f'def {match[2]}(' in path.read_text(), code


@pytest.mark.parametrize('document', CURRENT)
def test_modules_exist(document):
  for name in re.findall(r'\b(?:planet_tf|tools)\.[\w.]*\w', read(document)):
    path, attributes = ROOT / name.split('.')[0], name.split('.')[1:]
    while attributes and (path / attributes[0]).is_dir():
      path /= attributes.pop(0)
    file = path / f'{attributes[0]}.py' if attributes else path
    if not file.exists():  # A name in the package.
      file = path / '__init__.py'
      assert re.search(rf'\b{attributes[0]}\b', file.read_text()), name


@pytest.mark.parametrize('document', CURRENT)
def test_flags_of_commands_exist(document):
  text = read(document).replace('\\\n', ' ')
  for module, arguments in re.findall(
    r'python -m ((?:planet_tf|tools)\.\w+)([^\n`]*)', text
  ):
    path = ROOT / module.replace('.', '/')
    file = path / '__main__.py' if path.is_dir() else path.with_suffix('.py')
    source = file.read_text()
    for flag in re.findall(r' --(\w+)', arguments):
      shared = flag.startswith('gin_') and 'define_gin_flags' in source
      assert shared or re.search(rf"['-]{flag}'", source), f'{module} {flag}'


@pytest.mark.parametrize('document', DOCUMENTS)
def test_links_lead_somewhere(document):
  folder = (ROOT / document).parent
  for target, anchor in re.findall(
    r'\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)', read(document)
  ):
    path = folder / target if target else ROOT / document
    assert path.is_file(), target
    if anchor:
      headings = re.findall(r'^#+ (.+)$', path.read_text(), re.MULTILINE)
      assert anchor in map(slug, headings), f'{target}#{anchor}'


@pytest.mark.parametrize('document', runnable_documents())
def test_python_examples_run(document, request, tmp_path, monkeypatch):
  text = read(document)
  monkeypatch.syspath_prepend(tmp_path)
  replacements = {
    "'cheetah_run'": "'dummy', duration=5",
    "'exported/1'": f"'{ROOT}/examples/cartpole_swingup/1'",
  }
  if "'runs/cheetah" in text:
    run = request.getfixturevalue('debug_run')
    replacements["'runs/cheetah"] = f"'{run}"
  namespace = {}
  for match in RUNNABLE.finditer(text):
    code = match['code']
    for old, new in replacements.items():
      code = code.replace(old, new)
    if match['name']:
      (tmp_path / match['name']).write_text(code)
    else:
      exec(compile(code, document, 'exec'), namespace)
  for path in tmp_path.glob('*.py'):
    sys.modules.pop(path.stem, None)


def test_dependency_diagram_is_current():
  assert draw_dependencies.main(['--check']) == 0


def test_dependency_diagram_omits_implied_edges():
  edges = {('a', 'b'), ('b', 'c'), ('a', 'c'), ('a', 'd')}
  assert draw_dependencies.reduce_edges(edges) == edges - {('a', 'c')}


def test_what_the_makefile_uses_exists():
  for path in re.findall(r'=(examples/\w+)', read('Makefile')):
    assert (ROOT / path).exists(), path


def test_every_option_of_the_original_is_mapped():
  text = read('docs/FIDELITY.md')
  table = text.split('### Option by option')[1].split('\n## ')[0]
  rows = [line for line in table.splitlines() if line.startswith('|')]
  named = {
    name for row in rows for name in re.findall(r'`(\w+)`', row.split('|')[1])
  }
  assert set(ORIGINAL_OPTIONS.split()) <= named
