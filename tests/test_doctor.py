"""Tests of the doctor: each fault is named with its fix."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from planet_tf import diagnostics, doctor
from planet_tf.envs import rendering

ROOT = pathlib.Path(__file__).parents[1]


def named(lines, name):
  (line,) = (line for line in lines if line.name == name)
  return line


@pytest.mark.parametrize('version', [(3, 11, 7), (3, 12, 1), (3, 13, 0)])
def test_supported_pythons_pass(version):
  assert not diagnostics.check_python(version).fix


@pytest.mark.parametrize('version', [(3, 10, 13), (3, 14, 0)])
def test_other_pythons_fail(version):
  line = diagnostics.check_python(version)
  assert line.fix == 'make clean-venv setup PYTHON=python3.12'
  assert line.seen.endswith('is none of 3.11, 3.12, 3.13')


def test_requirements_skip_comments_extras_and_other_pythons():
  found = diagnostics.requirements(
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


def test_missing_package_fails_and_the_fix_names_its_version():
  locked = diagnostics.requirements(['no-such-package==1.5'])
  ranges = diagnostics.requirements(['no-such-package>=1.4'])
  line = named(diagnostics.check_packages(locked, ranges), 'no-such-package')
  assert line.seen == 'not installed'
  assert line.fix.endswith("pip install --no-deps 'no-such-package==1.5'")


def test_version_out_of_range_fails():
  ranges = diagnostics.requirements(['numpy<1.5'])
  line = named(diagnostics.check_packages({}, ranges), 'numpy')
  assert line.seen == f'{np.__version__} is not <1.5'
  assert line.fix.endswith("pip install 'numpy<1.5'")


def test_version_in_range_that_differs_from_the_lock_passes():
  locked = diagnostics.requirements(['numpy==0.1'])
  lines = diagnostics.check_packages(
    locked, diagnostics.requirements(['numpy>=1'])
  )
  assert not named(lines, 'numpy').fix
  line = named(lines, 'requirements.lock')
  assert f'except numpy {np.__version__} (locked ==0.1)' in line.seen
  assert not line.fix


def test_missing_package_that_only_the_lock_names_passes():
  locked = diagnostics.requirements(['no-such-tool==1.5'])
  line = named(diagnostics.check_packages(locked, {}), 'requirements.lock')
  assert line.seen.endswith('except no-such-tool missing (locked ==1.5)')
  assert not line.fix


def test_this_environment_has_every_package():
  assert [
    line for line in diagnostics.check_declared_packages() if line.fix
  ] == []


def test_import_errors_are_reported_in_one_line():
  (line,) = diagnostics.check_imports(['json', 'no_such_module'])
  assert line.name == 'import no_such_module'
  assert line.seen == "ModuleNotFoundError: No module named 'no_such_module'"
  assert line.fix


def test_imports_that_work_share_a_finding():
  (line,) = diagnostics.check_imports(['json', 'csv'])
  assert str(line) == 'ok   imports: json, csv'


def test_crash_is_named_by_its_signal():
  code = 'import os, signal; os.kill(os.getpid(), signal.SIGILL)'
  assert diagnostics.run(code) == ('', 'killed by SIGILL')


@pytest.mark.parametrize(
  ('printed', 'driver', 'seen', 'wrong'),
  [
    ('device CPU\n', False, 'CPU', False),
    ('noise\ndevice CPU\ndevice A100\n', True, 'CPU, A100', False),
    ('device CPU\n', True, 'TensorFlow sees no GPU', True),
  ],
)
def test_devices(monkeypatch, printed, driver, seen, wrong):
  monkeypatch.setattr(diagnostics, 'run', lambda code: (printed, ''))
  line = diagnostics.check_devices(driver)
  assert line.seen.endswith(seen)
  assert bool(line.fix) == wrong


def test_broken_tensorflow_fails(monkeypatch):
  monkeypatch.setattr(diagnostics, 'run', lambda code: ('', 'killed by SIGILL'))
  line = diagnostics.check_devices(driver=False)
  assert line.name == 'import tensorflow'
  assert line.seen == 'killed by SIGILL'
  assert line.fix


@pytest.mark.parametrize(
  ('flags', 'seen'),
  [
    ('avx avx2 avx512f avx512_bf16 amx_bf16', '4 to 5 times as fast'),
    ('avx avx2 avx512f avx512_bf16', '1.8 times as fast'),
    (
      'avx avx2',
      "2 cores, avx2; precision 'auto' is float32, as bfloat16 is not",
    ),
    ('avx avx2', "num_splits 'auto' is 2"),
    ('', 'features unknown'),
  ],
)
def test_cpu_features_decide_precision_and_splits(flags, seen):
  line = diagnostics.check_cpu(set(flags.split()), cores=2)
  assert seen in line.seen
  assert not line.fix


def test_cpu_without_avx_fails():
  line = diagnostics.check_cpu({'sse2'}, cores=2)
  assert 'without AVX' in line.seen
  assert line.fix


def test_rendered_frame_is_described(monkeypatch):
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
  assert str(diagnostics.check_rendering()) == (
    'ok   rendering: egl on llvmpipe; pixels of a frame 0 to 234, '
    'mean 35.0, standard deviation 35.8, 42.0 ms'
  )


def test_missing_opengl_names_the_fix(monkeypatch):
  monkeypatch.delenv('MUJOCO_GL', raising=False)

  def fail(backend):
    raise rendering.RenderingUnavailable(f'{backend} failed (no library).')

  monkeypatch.setattr(rendering, 'probe_frame', fail)
  line = diagnostics.check_rendering()
  assert 'egl failed (no library).' in line.seen
  assert line.fix == rendering.INSTALL


def test_bad_mujoco_gl_fails_with_its_value(monkeypatch):
  monkeypatch.setenv('MUJOCO_GL', 'bogus')
  line = diagnostics.check_rendering()
  assert 'bogus' in line.seen
  assert line.fix.startswith('unset MUJOCO_GL (it is bogus) or ')


def test_rendering_fails_without_its_packages(monkeypatch):
  monkeypatch.setitem(sys.modules, 'planet_tf.envs', None)
  line = diagnostics.check_rendering()
  assert line.name == 'rendering'
  assert line.fix


def test_exit_code_and_quiet(monkeypatch, capsys):
  lines = [
    diagnostics.Finding('good', 'fine'),
    diagnostics.Finding('bad', 'broken', 'repair'),
  ]
  monkeypatch.setattr(diagnostics, 'check_all', lambda: lines)
  assert doctor.main(['--quiet']) == 1
  assert capsys.readouterr().out == 'FAIL bad: broken. To fix: repair\n'
  monkeypatch.setattr(diagnostics, 'check_all', lambda: lines[:1])
  assert doctor.main([]) == 0
  assert capsys.readouterr().out == 'ok   good: fine\n'
  assert doctor.main(['--quiet']) == 0
  assert capsys.readouterr().out == ''


def test_bare_interpreter_gets_findings_and_no_traceback():
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
    assert f'FAIL {name}: not installed' in result.stdout
  assert 'FAIL rendering: ' in result.stdout
