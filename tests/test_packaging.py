"""The wheel, the lock files, the Makefile and the setup script."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement

import planet_tf

ROOT = pathlib.Path(__file__).parents[1]
SOURCES = ('planet_tf', 'gin_configs')
FILES = ('setup.py', 'pyproject.toml', 'LICENSE', 'README.md')
PYTHONS = ('3.11', '3.12', '3.13')
BUILD = """
import sys
from setuptools import build_meta
build_meta.build_wheel(sys.argv[1])
"""
# Runs a console script of an unpacked wheel.
RUN_SCRIPT = """
import importlib.metadata
import sys

import planet_tf

folder, name, *arguments = sys.argv[1:]
assert planet_tf.__file__.startswith(folder), planet_tf.__file__
(script,) = importlib.metadata.distribution('planet_tf').entry_points.select(
  group='console_scripts', name=name
)
sys.argv = [name, *arguments]
script.load()()
"""


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
  """A wheel of this checkout, built offline from a copy."""
  copy = tmp_path_factory.mktemp('checkout')
  for name in SOURCES:
    shutil.copytree(
      ROOT / name, copy / name, ignore=shutil.ignore_patterns('__pycache__')
    )
  for name in FILES:
    shutil.copy(ROOT / name, copy)
  subprocess.run(
    [sys.executable, '-c', BUILD, str(copy)],
    cwd=copy,
    check=True,
    capture_output=True,
  )
  (path,) = copy.glob('*.whl')
  with zipfile.ZipFile(path) as archive:
    yield archive


@pytest.fixture(scope='module')
def unpacked(wheel, tmp_path_factory):
  """The files of the wheel, in a folder outside the checkout."""
  folder = tmp_path_factory.mktemp('unpacked')
  wheel.extractall(folder)
  return folder


@pytest.fixture(scope='module')
def metadata(wheel):
  (name,) = (n for n in wheel.namelist() if n.endswith('/METADATA'))
  return wheel.read(name).decode()


def requirements(metadata, extra=''):
  """Returns the requirements for this Python, of one extra or of none."""
  found = re.findall(r'^Requires-Dist: (.*)$', metadata, re.MULTILINE)
  return [
    requirement
    for requirement in map(Requirement, found)
    if (not requirement.marker and not extra)
    or (requirement.marker and requirement.marker.evaluate({'extra': extra}))
  ]


def lock_lines(name='requirements.lock'):
  """Returns the lines of a lock file without comments."""
  lines = (ROOT / name).read_text().splitlines()
  return [line for line in lines if line and not line.startswith('#')]


def locked(python, name='requirements.lock'):
  """Returns the locked versions for a Python version, e.g. '3.12'."""
  pins = {}
  for line in lock_lines(name):
    requirement = Requirement(line)
    marker = requirement.marker
    if not marker or marker.evaluate({'python_version': python}):
      (specifier,) = requirement.specifier
      assert specifier.operator == '=='
      pins[canonical(requirement.name)] = specifier.version
  return pins


def canonical(name):
  return re.sub('[-_.]+', '-', name).lower()


def run_outside(unpacked, folder, code, *arguments):
  """Runs code with the unpacked wheel as the only planet_tf."""
  return subprocess.run(
    [sys.executable, '-c', code, *arguments],
    cwd=folder,
    env=os.environ | {'PYTHONPATH': str(unpacked)},
    capture_output=True,
    text=True,
  )


def test_wheel_ships_every_gin_file(wheel):
  shipped = {
    name.removeprefix('planet_tf/')
    for name in wheel.namelist()
    if name.endswith('.gin')
  }
  files = (ROOT / 'gin_configs').rglob('*.gin')
  assert shipped == {str(path.relative_to(ROOT)) for path in files}
  assert shipped


def test_wheel_ships_every_module_and_nothing_else(wheel):
  names = {name for name in wheel.namelist() if name.endswith('.py')}
  files = (ROOT / 'planet_tf').rglob('*.py')
  assert names == {str(path.relative_to(ROOT)) for path in files}


def test_wheel_ships_every_data_file(wheel):
  files = {
    str(path.relative_to(ROOT))
    for path in (ROOT / 'planet_tf').rglob('*')
    if path.is_file() and path.suffix not in ('.py', '.pyc')
  }
  assert 'planet_tf/py.typed' in files
  assert files <= set(wheel.namelist())


def test_version_is_the_same_everywhere(metadata):
  version = planet_tf.__version__
  assert f'\nVersion: {version}\n' in metadata
  assert f'\n## {version} (' in (ROOT / 'CHANGELOG.md').read_text()
  assert f'\nversion: {version}\n' in (ROOT / 'CITATION.cff').read_text()


def test_wheel_runs_outside_the_checkout(unpacked, tmp_path):
  code = (
    'import planet_tf; from planet_tf.config import gin_files; '
    "planet_tf.load_config(['tasks/dummy.gin', 'scale/debug.gin']); "
    'print(planet_tf.__file__, gin_files.bindings())'
  )
  result = run_outside(unpacked, tmp_path, code)
  assert result.returncode == 0, result.stderr
  assert result.stdout.startswith(str(unpacked))
  assert "'train.task': 'dummy'" in result.stdout


@pytest.mark.parametrize('command', ['train', 'evaluate', 'export', 'doctor'])
def test_console_scripts_show_the_help_of_their_command(
  command, unpacked, tmp_path
):
  arguments = str(unpacked), f'planet-{command}', '--help'
  result = run_outside(unpacked, tmp_path, RUN_SCRIPT, *arguments)
  assert result.returncode == 0, result.stderr
  assert f'python -m planet_tf.{command}' in result.stdout


def test_console_scripts_report_errors_in_one_line(unpacked, tmp_path):
  arguments = str(unpacked), 'planet-train', '--no_such_flag'
  result = run_outside(unpacked, tmp_path, RUN_SCRIPT, *arguments)
  assert result.returncode == 2
  assert len(result.stderr.splitlines()) == 1
  assert 'no_such_flag' in result.stderr


@pytest.mark.parametrize('python', PYTHONS)
def test_lock_satisfies_the_ranges(metadata, python):
  pins = locked(python)
  for requirement in requirements(metadata):
    version = pins[canonical(requirement.name)]
    assert requirement.specifier.contains(version), requirement


@pytest.mark.parametrize(
  'extra', ['gymnasium', 'jax', 'lint', 'litert', 'ray', 'test', 'docs']
)
def test_locks_satisfy_the_ranges_of_extras(metadata, extra):
  pins = locked('3.12') | locked('3.12', 'docs/requirements.lock')
  found = requirements(metadata, extra)
  assert found
  for requirement in found:
    version = pins[canonical(requirement.name)]
    assert requirement.specifier.contains(version), requirement


def test_ranges_exclude_the_mujoco_versions_that_break_dm_control(metadata):
  ranges = {canonical(r.name): r.specifier for r in requirements(metadata)}
  assert '3.17.0' in ranges['mujoco']
  assert '3.11.0' not in ranges['mujoco']
  assert '4.0.0' not in ranges['mujoco']


def test_lock_omits_only_labmaze_on_python_313():
  assert set(locked('3.12')) - set(locked('3.13')) == {'labmaze'}


def test_locks_are_sorted_and_disjoint_and_hold_no_addresses():
  names = []
  for name in ('requirements.lock', 'docs/requirements.lock'):
    lines = lock_lines(name)
    assert not [line for line in lines if re.search(r'://|^-|@|/', line)]
    found = [canonical(Requirement(line).name) for line in lines]
    assert found == sorted(found)
    names += found
  assert len(names) == len(set(names))


def test_classifiers_name_the_supported_pythons():
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  prefix = 'Programming Language :: Python :: 3.'
  assert [
    text.split()[-1]
    for text in project['classifiers']
    if text.startswith(prefix)
  ] == list(PYTHONS)


def dry_run(*arguments):
  """Returns the commands that `make` would run in a clean environment."""
  names = ('PATH', 'HOME')
  environment = {name: os.environ[name] for name in names if name in os.environ}
  return subprocess.run(
    ['make', '--dry-run', *arguments],
    cwd=ROOT,
    env=environment,
    check=True,
    capture_output=True,
    text=True,
  ).stdout


needs_make = pytest.mark.skipif(
  not shutil.which('make'), reason='make is missing'
)


@needs_make
def test_make_train_uses_swingup_at_cpu_scale():
  setup, command = dry_run('train').replace('\\\n', '').splitlines()
  assert setup == 'sh tools/setup_environment.sh'
  assert command.split() == [
    '.venv/bin/python',
    '-m',
    'planet_tf.train',
    '--gin_file=tasks/cartpole_swingup.gin',
    '--gin_file=scale/cpu.gin',
    '--logdir=runs/cartpole_swingup',
  ]


@needs_make
def test_make_train_accepts_task_scale_and_arguments():
  command = dry_run('train', 'TASK=walker_walk', 'SCALE=', 'ARGS=--alpha')
  assert '--gin_file=tasks/walker_walk.gin' in command
  assert 'scale/' not in command
  assert '--logdir=runs/walker_walk-paper --alpha' in command
  assert '--logdir=runs/cartpole_swingup-debug' in dry_run(
    'train', 'SCALE=debug'
  )


@pytest.fixture
def checkout(tmp_path):
  """The files that the setup script reads, and a folder for programs."""
  for name in (
    'tools/setup_environment.sh',
    'requirements.lock',
    'setup.py',
    'pyproject.toml',
  ):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / name, tmp_path / name)
  programs = tmp_path / 'programs'
  programs.mkdir()
  for name in ('cat', 'cksum', 'dirname', 'grep', 'rm'):
    (programs / name).symlink_to(shutil.which(name))
  return tmp_path


def add_interpreter(path, version, body='exit 1'):
  """Writes a fake Python that prints its version, or else runs `body`."""
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(
    '#!/bin/sh\n'
    f'case "$*" in *version_info*|-VV) echo {version}; exit ;; esac\n'
    f'{body}\n'
  )
  path.chmod(0o755)


def set_up(checkout, **variables):
  """Runs the setup script with only the programs of `checkout`."""
  return subprocess.run(
    ['/bin/sh', 'tools/setup_environment.sh'],
    cwd=checkout,
    env={'PATH': str(checkout / 'programs'), **variables},
    capture_output=True,
    text=True,
  )


def test_setup_lists_supported_pythons_if_none_is_found(checkout):
  add_interpreter(checkout / 'programs/python3', '3.10')
  result = set_up(checkout)
  assert result.returncode == 1
  assert 'python3 is 3.10' in result.stderr
  assert '3.13 3.12 3.11' in result.stderr


def test_setup_refuses_an_unsupported_python(checkout):
  add_interpreter(checkout / 'programs/python3.9', '3.9')
  result = set_up(checkout, PYTHON='python3.9')
  assert result.returncode == 1
  assert 'PYTHON=python3.9 is 3.9' in result.stderr


def test_setup_refuses_a_missing_python(checkout):
  result = set_up(checkout, PYTHON='python3.12')
  assert result.returncode == 1
  assert 'PYTHON=python3.12 is not an interpreter that runs' in result.stderr


def test_setup_names_the_package_with_the_venv_module(checkout):
  add_interpreter(checkout / 'programs/python3.12', '3.12')
  result = set_up(checkout)
  assert result.returncode == 1
  assert 'apt-get install python3.12-venv' in result.stderr


def add_program(checkout, name, body):
  program = checkout / 'programs' / name
  program.write_text(f'#!/bin/sh\n{body}\n')
  program.chmod(0o755)


@pytest.mark.parametrize(
  ('user', 'sudo', 'installs'),
  [(0, None, True), (1000, None, False), (1000, 0, True), (1000, 1, False)],
)
def test_setup_installs_system_packages_if_permitted(
  checkout, user, sudo, installs
):
  add_interpreter(checkout / 'programs/python3.12', '3.12')
  for name in ('env', 'true'):
    (checkout / 'programs' / name).symlink_to(shutil.which(name))
  add_program(checkout, 'id', f'echo {user}')
  add_program(checkout, 'apt-get', 'echo "$DEBIAN_FRONTEND apt-get $*"')
  if sudo is not None:
    body = f'[ "$1" = -n ] && [ {sudo} = 0 ] || exit 1; shift; exec "$@"'
    add_program(checkout, 'sudo', body)
  result = set_up(checkout)
  command = 'noninteractive apt-get -qq -y install --no-install-recommends'
  assert (f'{command} python3.12-venv' in result.stdout) == installs
  named = 'sudo apt-get install python3.12-venv' in result.stderr
  assert named != installs


def test_setup_uses_the_newest_supported_python(checkout):
  for version in ('3.11', '3.12', '3.14'):
    program = checkout / 'programs' / f'python{version}'
    add_interpreter(program, version, 'echo ran "$0" "$@"; exit 0')
  result = set_up(checkout)
  assert 'with python3.12 (3.12)' in result.stdout
  assert 'python3.12 -m venv --clear .venv' in result.stdout


def test_setup_keeps_an_environment_that_it_did_not_create(checkout):
  add_interpreter(checkout / '.venv/bin/python', '3.11')
  add_interpreter(checkout / 'programs/python3.12', '3.12')
  result = set_up(checkout, PYTHON='python3.12')
  assert result.returncode == 1
  assert '.venv uses Python 3.11' in result.stderr
  assert (checkout / '.venv/bin/python').exists()


def test_setup_replaces_its_environment_for_another_python(checkout):
  add_interpreter(checkout / '.venv/bin/python', '3.11')
  (checkout / '.venv/made-by-setup').touch()
  program = checkout / 'programs/python3.12'
  add_interpreter(program, '3.12', 'echo ran "$@"; exit 0')
  result = set_up(checkout, PYTHON='python3.12')
  assert 'ran -m venv --clear .venv' in result.stdout


def test_setup_installs_again_only_after_changes(checkout):
  log = checkout / 'log'
  body = f'echo "$@" >>{log}; exit 0'
  add_interpreter(checkout / '.venv/bin/python', '3.12', body)
  assert set_up(checkout).returncode == 0
  first = log.read_text()
  assert '--no-deps -r requirements.lock' in first
  assert '-m planet_tf.doctor --rendering' in first
  assert set_up(checkout).returncode == 0
  assert log.read_text() == first
  with (checkout / 'requirements.lock').open('a') as lock:
    lock.write('another==1.0\n')
  assert set_up(checkout).returncode == 0
  assert log.read_text() == first + first
