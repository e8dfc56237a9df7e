"""The doctor names what is wrong; faults are put in one by one."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from planet_tf import doctor
from planet_tf.envs import rendering

ROOT = pathlib.Path(__file__).parents[1]


def named(lines, name):
  (line,) = (line for line in lines if line.name == name)
  return line


@pytest.mark.parametrize('version', [(3, 11, 7), (3, 12, 1), (3, 13, 0)])
def test_supported_pythons_are_fine(version):
  assert not doctor.python_line(version).mend


@pytest.mark.parametrize('version', [(3, 10, 13), (3, 14, 0)])
def test_other_pythons_are_wrong(version):
  line = doctor.python_line(version)
  assert line.mend == 'make clean-venv setup PYTHON=python3.12'
  assert line.seen.endswith('is none of 3.11, 3.12, 3.13')


def test_requirements_skip_comments_extras_and_other_pythons():
  found = doctor.requirements(
    [
      '# a comment',
      '',
      'here==1.0',
      'gone==1.0 ; python_version < "3.0"',
      'optional>=2; extra == "test"',
    ]
  )
  assert {name: str(allowed) for name, allowed in found.items()} == {
    'here': '==1.0'
  }


def test_missing_package_is_wrong_and_the_mend_names_its_version():
  locked = doctor.requirements(['no-such-package==1.5'])
  ranges = doctor.requirements(['no-such-package>=1.4'])
  line = named(doctor.package_lines(locked, ranges), 'no-such-package')
  assert line.seen == 'not installed'
  assert line.mend.endswith("pip install --no-deps 'no-such-package==1.5'")


def test_version_out_of_range_is_wrong():
  ranges = doctor.requirements(['numpy<1.5'])
  line = named(doctor.package_lines({}, ranges), 'numpy')
  assert line.seen == f'{np.__version__} is not <1.5'
  assert line.mend.endswith("pip install 'numpy<1.5'")


def test_version_in_range_but_unlike_the_lock_is_told_and_fine():
  locked = doctor.requirements(['numpy==0.1'])
  lines = doctor.package_lines(locked, doctor.requirements(['numpy>=1']))
  assert not named(lines, 'numpy').mend
  line = named(lines, 'requirements.lock')
  assert f'but for numpy {np.__version__} (locked ==0.1)' in line.seen
  assert not line.mend


def test_missing_package_of_the_lock_alone_is_told_and_fine():
  locked = doctor.requirements(['no-such-tool==1.5'])
  line = named(doctor.package_lines(locked, {}), 'requirements.lock')
  assert line.seen.endswith('but for no-such-tool missing (locked ==1.5)')
  assert not line.mend


def test_this_environment_has_every_package():
  assert [line for line in doctor.declared_packages() if line.mend] == []


def test_import_errors_are_told_in_one_line():
  (line,) = doctor.import_lines(['json', 'no_such_module'])
  assert line.name == 'import no_such_module'
  assert line.seen == "ModuleNotFoundError: No module named 'no_such_module'"
  assert line.mend


def test_good_imports_share_a_line():
  (line,) = doctor.import_lines(['json', 'csv'])
  assert str(line) == 'ok    imports: json, csv'


def test_a_crash_is_named_by_its_signal():
  code = 'import os, signal; os.kill(os.getpid(), signal.SIGILL)'
  assert doctor.run(code) == ('', 'died of SIGILL')


@pytest.mark.parametrize(
  ('printed', 'driver', 'seen', 'wrong'),
  [
    ('device CPU\n', False, 'CPU', False),
    ('noise\ndevice CPU\ndevice A100\n', True, 'CPU, A100', False),
    ('device CPU\n', True, 'TensorFlow sees no GPU', True),
  ],
)
def test_devices(monkeypatch, printed, driver, seen, wrong):
  monkeypatch.setattr(doctor, 'run', lambda code: (printed, ''))
  line = doctor.device_line(driver)
  assert line.seen.endswith(seen)
  assert bool(line.mend) == wrong


def test_broken_tensorflow_is_told(monkeypatch):
  monkeypatch.setattr(doctor, 'run', lambda code: ('', 'died of SIGILL'))
  line = doctor.device_line(driver=False)
  assert line.name == 'import tensorflow'
  assert line.seen == 'died of SIGILL'
  assert line.mend


@pytest.mark.parametrize(
  ('flags', 'seen'),
  [
    ('avx avx2 avx512f avx512_bf16 amx_bf16', '4 to 5 times as fast'),
    ('avx avx2 avx512f avx512_bf16', '1.8 times as fast'),
    ('avx avx2', "2 cores, avx2; precision 'auto' is float32, as nothing"),
    ('avx avx2', "num_splits 'auto' is 2"),
    ('', 'features unknown'),
  ],
)
def test_cpu_features_and_their_meaning(flags, seen):
  line = doctor.cpu_line(set(flags.split()), cores=2)
  assert seen in line.seen
  assert not line.mend


def test_cpu_without_avx_is_wrong():
  line = doctor.cpu_line({'sse2'}, cores=2)
  assert 'without AVX' in line.seen
  assert line.mend


def test_frame_is_described(monkeypatch):
  monkeypatch.delenv('MUJOCO_GL', raising=False)
  statistics = rendering.FrameStatistics(
    backend='egl',
    renderer='llvmpipe',
    minimum=0,
    maximum=234,
    mean=35.04,
    stddev=35.8,
    seconds=0.042,
  )
  monkeypatch.setattr(rendering, 'choose_backend', lambda: 'egl')
  monkeypatch.setattr(rendering, 'probe_frame', lambda backend: statistics)
  assert str(doctor.rendering_line()) == (
    'ok    rendering: egl on llvmpipe; pixels of a frame 0 to 234, '
    'mean 35.0, standard deviation 35.8, 42.0 ms'
  )


def test_missing_opengl_names_the_command(monkeypatch):
  monkeypatch.delenv('MUJOCO_GL', raising=False)

  def fail(backend):
    raise rendering.RenderingUnavailable(f'{backend} failed (no library).')

  monkeypatch.setattr(rendering, 'probe_frame', fail)
  line = doctor.rendering_line()
  assert 'egl failed (no library).' in line.seen
  assert line.mend == rendering.INSTALL


def test_a_bad_choice_of_backend_is_to_be_unset(monkeypatch):
  monkeypatch.setenv('MUJOCO_GL', 'bogus')
  line = doctor.rendering_line()
  assert 'bogus' in line.seen
  assert line.mend.startswith('unset MUJOCO_GL (it is bogus) or ')


def test_rendering_without_its_packages(monkeypatch):
  monkeypatch.setitem(sys.modules, 'planet_tf.envs', None)
  line = doctor.rendering_line()
  assert line.name == 'rendering'
  assert line.mend


def test_exit_code_and_quiet(monkeypatch, capsys):
  lines = [doctor.Line('good', 'fine'), doctor.Line('bad', 'broken', 'mend')]
  monkeypatch.setattr(doctor, 'examine', lambda: lines)
  assert doctor.main(['--quiet']) == 1
  assert capsys.readouterr().out == 'WRONG bad: broken. To mend: mend\n'
  monkeypatch.setattr(doctor, 'examine', lambda: lines[:1])
  assert doctor.main([]) == 0
  assert capsys.readouterr().out == 'ok    good: fine\n'
  assert doctor.main(['--quiet']) == 0
  assert capsys.readouterr().out == ''


def test_bare_interpreter_gets_a_report_and_no_traceback():
  bare = os.path.realpath(sys.executable)  # Outside the environment.
  result = subprocess.run(
    [bare, '-S', '-m', 'planet_tf.doctor'],
    cwd=ROOT,
    env={'PATH': os.environ['PATH']},
    capture_output=True,
    text=True,
  )
  assert result.returncode == 1
  assert 'Traceback' not in result.stdout + result.stderr
  for name in ('tensorflow', 'mujoco', 'dm_control', 'numpy'):
    assert f'WRONG {name}: not installed' in result.stdout
  assert 'WRONG rendering: ' in result.stdout
