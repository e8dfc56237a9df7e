"""The wheel, the lock file, the Makefile and the set-up script."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from packaging.requirements import Requirement

ROOT = pathlib.Path(__file__).parents[1]
SHIPPED = ('planet_tf', 'gin_configs')
FILES = ('setup.py', 'pyproject.toml', 'LICENSE', 'README.md')
BUILD = """
import sys
from setuptools import build_meta
build_meta.build_wheel(sys.argv[1])
"""


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
  """A wheel of this checkout, built offline in a copy of it."""
  copy = tmp_path_factory.mktemp('checkout')
  for name in SHIPPED:
    shutil.copytree(
      ROOT / name, copy / name, ignore=shutil.ignore_patterns('__pycache__')
    )
  for name in FILES:
    if (ROOT / name).exists():
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
def requirements(wheel):
  """Requirements of the wheel for this Python, extras left out."""
  (name,) = (n for n in wheel.namelist() if n.endswith('/METADATA'))
  text = wheel.read(name).decode()
  found = re.findall(r'^Requires-Dist: (.*)$', text, re.MULTILINE)
  return [
    requirement
    for requirement in map(Requirement, found)
    if not requirement.marker or requirement.marker.evaluate({'extra': ''})
  ]


def locked(python):
  """Versions of the lock file for a Python such as '3.12'."""
  pins = {}
  for line in (ROOT / 'requirements.lock').read_text().splitlines():
    if line and not line.startswith('#'):
      requirement = Requirement(line)
      marker = requirement.marker
      if not marker or marker.evaluate({'python_version': python}):
        (specifier,) = requirement.specifier
        assert specifier.operator == '=='
        pins[canonical(requirement.name)] = specifier.version
  return pins


def canonical(name):
  return re.sub('[-_.]+', '-', name).lower()


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


@pytest.mark.parametrize('python', ['3.11', '3.12', '3.13'])
def test_lock_satisfies_the_ranges(requirements, python):
  pins = locked(python)
  for requirement in requirements:
    version = pins[canonical(requirement.name)]
    assert requirement.specifier.contains(version), requirement


def test_ranges_leave_out_the_mujoco_that_breaks_dm_control(requirements):
  ranges = {canonical(r.name): r.specifier for r in requirements}
  assert '3.17.0' in ranges['mujoco']
  assert '3.11.0' not in ranges['mujoco']
  assert '4.0.0' not in ranges['mujoco']


def test_only_labmaze_is_left_out_on_python_313():
  assert set(locked('3.12')) - set(locked('3.13')) == {'labmaze'}


def test_lock_holds_no_addresses():
  text = (ROOT / 'requirements.lock').read_text()
  assert not re.search(r'://|^-|@|/', text, re.MULTILINE)


def dry_run(*arguments):
  """The commands that `make` would run; variables of the caller left out."""
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
def test_make_train_learns_swingup_at_cpu_scale():
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
def test_make_train_takes_task_scale_and_arguments():
  command = dry_run('train', 'TASK=walker_walk', 'SCALE=', 'ARGS=--alpha')
  assert '--gin_file=tasks/walker_walk.gin' in command
  assert 'scale/' not in command
  assert '--logdir=runs/walker_walk-paper --alpha' in command
  assert '--logdir=runs/cartpole_swingup-debug' in dry_run(
    'train', 'SCALE=debug'
  )


@pytest.fixture
def checkout(tmp_path):
  """What set-up needs of a checkout, and an empty folder for programs."""
  for name in ('tools/setup_environment.sh', 'requirements.lock', 'setup.py'):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / name, tmp_path / name)
  programs = tmp_path / 'programs'
  programs.mkdir()
  for name in ('cat', 'cksum', 'dirname', 'grep', 'rm'):
    (programs / name).symlink_to(shutil.which(name))
  return tmp_path


def add_interpreter(path, version, body='exit 1'):
  """A stand-in for Python that tells its version; else it runs `body`."""
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(
    '#!/bin/sh\n'
    f'case "$*" in *version_info*|-VV) echo {version}; exit ;; esac\n'
    f'{body}\n'
  )
  path.chmod(0o755)


def set_up(checkout, **variables):
  """Runs the script where only the programs of `checkout` exist."""
  return subprocess.run(
    ['/bin/sh', 'tools/setup_environment.sh'],
    cwd=checkout,
    env={'PATH': str(checkout / 'programs'), **variables},
    capture_output=True,
    text=True,
  )


def test_set_up_names_supported_pythons_when_none_is_found(checkout):
  add_interpreter(checkout / 'programs/python3', '3.10')
  result = set_up(checkout)
  assert result.returncode == 1
  assert 'python3 is 3.10' in result.stderr
  assert '3.13 3.12 3.11' in result.stderr


def test_set_up_refuses_an_unsupported_python(checkout):
  add_interpreter(checkout / 'programs/python3.9', '3.9')
  result = set_up(checkout, PYTHON='python3.9')
  assert result.returncode == 1
  assert 'PYTHON=python3.9 is 3.9' in result.stderr


def test_set_up_refuses_a_missing_python(checkout):
  result = set_up(checkout, PYTHON='python3.12')
  assert result.returncode == 1
  assert 'PYTHON=python3.12 is not an interpreter that runs' in result.stderr


def test_set_up_names_the_package_that_holds_venv(checkout):
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
def test_set_up_installs_system_packages_where_it_may(
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


def test_set_up_takes_the_newest_python_that_is_supported(checkout):
  for version in ('3.11', '3.12', '3.14'):
    program = checkout / 'programs' / f'python{version}'
    add_interpreter(program, version, 'echo ran "$0" "$@"; exit 0')
  result = set_up(checkout)
  assert 'with python3.12 (3.12)' in result.stdout
  assert 'python3.12 -m venv --clear .venv' in result.stdout


def test_set_up_keeps_a_foreign_environment(checkout):
  add_interpreter(checkout / '.venv/bin/python', '3.11')
  add_interpreter(checkout / 'programs/python3.12', '3.12')
  result = set_up(checkout, PYTHON='python3.12')
  assert result.returncode == 1
  assert '.venv holds Python 3.11' in result.stderr
  assert (checkout / '.venv/bin/python').exists()


def test_set_up_replaces_its_own_environment_when_asked(checkout):
  add_interpreter(checkout / '.venv/bin/python', '3.11')
  (checkout / '.venv/made-by-setup').touch()
  program = checkout / 'programs/python3.12'
  add_interpreter(program, '3.12', 'echo ran "$@"; exit 0')
  result = set_up(checkout, PYTHON='python3.12')
  assert 'ran -m venv --clear .venv' in result.stdout


def test_set_up_installs_once(checkout):
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
