"""Tests of gin files: the shipped ones, the paper's values, mistakes."""

import pytest

from planet_tf.config import (
  factories,
  gin_files,
  model_factories,
  registry,
  settings,
)
from planet_tf.config.registry import ConfigurationError
from planet_tf.config.renamed_settings import RENAMED
from planet_tf.envs import task_names
from planet_tf.errors import UserError

SHIPPED = sorted(
  str(path.relative_to(gin_files.shipped_files()))
  for path in gin_files.shipped_files().rglob('*.gin')
)

# Appendix A and the comparison in docs/FIDELITY.md. Of two values, the first is
# from the released code and the second from the paper's text.
PAPER = {
  'make_world_model.state_size': 30,
  'make_world_model.belief_size': 200,
  'make_world_model.embed_size': 200,
  'make_world_model.dynamics_layers': 1,
  'make_world_model.future_rnn': True,
  'make_world_model.mean_only': False,
  'make_world_model.min_stddev': 0.1,
  'make_world_model.activation': 'relu',
  'make_world_model.head_layers': (3, 2),
  'make_world_model.head_units': (300, 200),
  'make_world_model.image_bits': 5,
  'make_objectives.image_scale': 1.0,
  'make_objectives.reward_scale': (10.0, 1.0),
  'make_objectives.divergence_scale': 1.0,
  'make_objectives.free_nats': 3.0,
  'compile_model.learning_rate': 1e-3,
  'compile_model.epsilon': 1e-4,
  'compile_model.clip_norm': 1000.0,
  'make_sampler.batch': 50,
  'make_sampler.length': 50,
  'make_sampler.num_chunks': 1,
  'make_sampler.loader': ('recent', 'uniform'),
  'make_sampler.refresh_interval': 1000,
  'make_planner.horizon': 12,
  'make_planner.iterations': 10,
  'make_planner.candidates': 1000,
  'make_planner.elites': 100,
  'make_planner.refit_clipped': (True, False),
  'train.seed_episodes': 5,
  'collect.interval': 100,
  'collect.exploration': 0.3,
  'train.updates_per_evaluation': 1000,
  'train.evaluation_episodes': (1, 10),
  'train.total_episodes': 1000,
  'make_envs.camera': 0,
}


@pytest.mark.parametrize('index, files', [(0, []), (1, ['paper_text.gin'])])
def test_values_match_the_paper(index, files):
  gin_files.parse(files)
  bound = gin_files.bindings()
  for key, expected in PAPER.items():
    if isinstance(expected, tuple):
      expected = expected[index]
    assert bound[key] == expected, key


@pytest.mark.parametrize('name', SHIPPED)
def test_every_shipped_file_configures_a_run(name, tmp_path):
  gin_files.parse([name])
  model = model_factories.make_world_model(2)
  model_factories.compile_model(model)
  factories.make_planner()
  factories.make_sampler(tmp_path)
  assert model.optimizer.epsilon == 1e-4
  if 'train.task' in gin_files.bindings():
    loop = settings.make_train_settings()
    assert loop.total_episodes >= 3
    assert set(loop.tasks) <= set(task_names())


def test_every_task_has_a_file():
  tasks = set()
  for name in SHIPPED:
    if name.startswith('tasks/'):
      gin_files.parse([name])
      tasks.add(gin_files.bindings()['train.task'])
  assert tasks == {
    'cartpole_balance',
    'cartpole_swingup',
    'cheetah_run',
    'cup_catch',
    'dummy',
    'finger_spin',
    'reacher_easy',
    'walker_walk',
  }


def test_planet_gin_binds_everything_except_the_task():
  gin_files.parse()
  expected = {
    f'{name}.{parameter}'
    for name, function in registry.registered().items()
    for parameter in registry.settable(function)
  }
  assert set(gin_files.bindings()) == expected - {'train.task'}


def test_bindings_with_a_scope_apply_only_to_it():
  gin_files.parse(
    [],
    [
      'train.evaluations = ("main", "short")',
      'short/make_planner.horizon = 6',
      'short/make_planner.elites = 10',
    ],
  )
  bound = gin_files.bindings()
  assert bound['make_planner.horizon'] == 12
  assert bound['short/make_planner.horizon'] == 6
  for name, expected in (('main', (12, 100)), ('short', (6, 10))):
    with registry.in_scope(name):
      planner = factories.make_planner()
    assert (planner.horizon, planner.elites) == expected
    assert planner.iterations == 10
  text = gin_files.text()
  gin_files.parse()
  gin_files.parse_text(text)
  assert gin_files.bindings() == bound


def test_later_bindings_win(tmp_path):
  first, second = tmp_path / 'a.gin', tmp_path / 'b.gin'
  first.write_text('train.seed = 1\ncollect.exploration = 0.1\n')
  second.write_text('train.seed = 2\n')
  gin_files.parse([str(first), str(second)], ['collect.exploration = 0.5'])
  bound = gin_files.bindings()
  assert bound['train.seed'] == 2
  assert bound['collect.exploration'] == 0.5
  assert bound['make_planner.horizon'] == 12


def test_text_restores_bindings():
  gin_files.parse(['tasks/dummy.gin', 'scale/cpu.gin'])
  before = gin_files.bindings()
  text = gin_files.text()
  gin_files.parse()
  gin_files.parse_text(text)
  assert gin_files.bindings() == before


@pytest.mark.parametrize(
  'param, message',
  [
    ('trian.seed = 1', "unknown function 'trian'; did you mean 'train'?"),
    (
      'train.sed = 1',
      "train has no parameter 'sed'; did you mean 'seed'?",
    ),
    ('foo/train.seed = 1', 'has a scope, which has no effect here'),
    (
      'foo/make_planner.horizon = 6',
      "no collection or evaluation is named 'foo'; train.collections and",
    ),
    ('main/make_planner.horizon = "a"', 'has the wrong type; it takes int'),
    ('main/collect.intervall = 1', "no parameter 'intervall'; did you mean"),
    ('make_envs.task = "x"', 'make_envs.task is set by the program'),
    ('make_sampler.seed = 1', 'make_sampler.seed is set by the program'),
    ('train.xyz = 1', "train has no parameter 'xyz'; it has "),
    ('train.seed', 'is not of the form name.parameter=value'),
    ('train.seed = "a"', "train.seed = 'a' has the wrong type; it takes int"),
    ('train.seed = True', 'train.seed = True has the wrong type'),
    ('train.seed = 1.5', 'train.seed = 1.5 has the wrong type'),
    (
      'make_sampler.loader = "recnt"',
      "it takes one of 'recent', 'cache', 'reload', 'uniform'",
    ),
    ('make_objectives.free_nats = "no"', 'it takes float or None'),
    ('make_envs.modules = "abc"', 'it takes a list of str'),
    ('train.seed = [1', 'not valid gin'),
    ('train.seed = undefined', "cannot read the value 'undefined'"),
  ],
)
def test_mistakes_are_explained_in_one_line(param, message):
  with pytest.raises(ConfigurationError) as caught:
    gin_files.parse([], [param])
  text = str(caught.value)
  assert message in text
  assert '\n' not in text


@pytest.mark.parametrize('old, new', RENAMED.items())
def test_renamed_settings_are_refused_with_the_new_name(old, new):
  name, parameter = new.split('.')
  assert parameter in registry.settable(registry.registered()[name])
  with pytest.raises(ConfigurationError, match=f'write {new!r}'):
    gin_files.parse([], [f'{old} = 1'])


def test_renamed_setting_keeps_its_scope_in_the_message(tmp_path):
  path = tmp_path / 'a.gin'
  path.write_text('far/collect.every = 1\n')
  with pytest.raises(ConfigurationError) as caught:
    gin_files.parse([str(path)])
  assert str(path) in str(caught.value)
  assert "write 'far/collect.interval'" in str(caught.value)


@pytest.mark.parametrize(
  'content, message',
  [
    (b'\xff\xfe\x00', 'Cannot read'),
    (b'import no_such_module', 'no_such_module'),
  ],
)
def test_unusable_file_is_named_in_the_message(tmp_path, content, message):
  path = tmp_path / 'a.gin'
  path.write_bytes(content)
  with pytest.raises(ConfigurationError) as caught:
    gin_files.parse([str(path)])
  assert str(path) in str(caught.value)
  assert message in str(caught.value)


def test_int_fits_float_and_none_fits_optional():
  gin_files.parse([], ['collect.exploration = 1'])
  assert gin_files.bindings()['collect.exploration'] == 1
  gin_files.parse([], ['make_objectives.free_nats = None'])
  assert gin_files.bindings()['make_objectives.free_nats'] is None


def test_missing_file_suggests_the_closest_name():
  with pytest.raises(ConfigurationError, match='did you mean .*cheetah_run'):
    gin_files.parse(['tasks/chetah_run.gin'])


def test_names_may_start_with_gin_configs():
  gin_files.parse(['gin_configs/tasks/dummy.gin'])
  assert gin_files.bindings()['train.task'] == 'dummy'


def test_repeated_binding_is_refused(tmp_path):
  path = tmp_path / 'a.gin'
  path.write_text('train.seed = 1\ntrain.seed = 2\n')
  with pytest.raises(ConfigurationError, match="'train.seed' is bound twice"):
    gin_files.parse([str(path)])


@pytest.mark.parametrize(
  'param, make, message',
  [
    (
      'make_planner.elites = 2000',
      factories.make_planner,
      'elites must be between 1 and candidates=1000, got 2000',
    ),
    (
      'make_world_model.dynamics_layers = 0',
      lambda: model_factories.make_world_model(1),
      'dynamics_layers must be at least 1, got 0',
    ),
    (
      'make_planner.horizon = 0',
      factories.make_planner,
      'horizon must be at least 1, got 0',
    ),
    (
      'make_world_model.image_bits = 9',
      lambda: model_factories.make_world_model(1),
      'image_bits must be 1 to 8, got 9',
    ),
    (
      'compile_model.clip_norm = -1.0',
      lambda: model_factories.compile_model(None),
      'clip_norm must be above 0, got -1.0',
    ),
    (
      'make_envs.workers = 0',
      lambda: factories.make_envs('dummy'),
      'workers must be at least 1, got 0',
    ),
    (
      'make_sampler.batch = 0',
      lambda: factories.make_sampler('.'),
      'batch=0 must be an integer of at least 1',
    ),
  ],
)
def test_values_out_of_range_are_named_in_one_line(param, make, message):
  gin_files.parse([], [param])
  with pytest.raises(UserError, match=message) as caught:
    make()
  assert '\n' not in str(caught.value)  # gin appends its call stack.
