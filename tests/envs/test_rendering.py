"""Choice of the OpenGL backend of MuJoCo."""

import os
import subprocess
import sys

import pytest

from planet_tf.envs import rendering
from planet_tf.envs.rendering import RenderingUnavailable


def test_probe_renders_a_frame():
  statistics = rendering.probe_frame(rendering.choose_backend())
  assert statistics.backend == os.environ['MUJOCO_GL']
  assert statistics.renderer
  assert 0 <= statistics.minimum < statistics.mean < statistics.maximum <= 255
  assert statistics.stddev > 10
  assert statistics.seconds > 0


def test_variable_overrides_choice(monkeypatch):
  monkeypatch.setenv('MUJOCO_GL', 'glfw')
  monkeypatch.setattr(rendering, 'probe_frame', pytest.fail)
  assert rendering.choose_backend() == 'glfw'


def fake_probe(works, tried):
  def probe(backend):
    tried.append(backend)
    if backend not in works:
      raise RenderingUnavailable(f'{backend} failed (no such library).')

  return probe


def test_chooses_first_working_backend(monkeypatch):
  tried = []
  monkeypatch.setenv('MUJOCO_GL', '')
  monkeypatch.setattr(rendering, 'BACKENDS', ('egl', 'osmesa'))
  monkeypatch.setattr(rendering, 'probe_frame', fake_probe(['osmesa'], tried))
  assert rendering.choose_backend() == 'osmesa'
  assert os.environ['MUJOCO_GL'] == 'osmesa'
  assert rendering.choose_backend() == 'osmesa'
  assert tried == ['egl', 'osmesa']


def test_message_without_backend_has_install_command(monkeypatch):
  monkeypatch.setenv('MUJOCO_GL', '')
  monkeypatch.setattr(rendering, 'BACKENDS', ('egl', 'osmesa'))
  monkeypatch.setattr(rendering, 'probe_frame', fake_probe([], []))
  with pytest.raises(RenderingUnavailable) as error:
    rendering.choose_backend()
  message = str(error.value)
  assert 'egl failed' in message and 'osmesa failed' in message
  assert 'sudo apt-get install -y libegl1' in message
  assert '\n' not in message
  assert os.environ['MUJOCO_GL'] == ''


def test_unknown_backend_raises():
  with pytest.raises(RenderingUnavailable, match='nonsense failed'):
    rendering.probe_frame('nonsense')


def test_dummy_loads_no_rendering_library():
  program = """
import sys
from planet_tf import envs
envs.build_env('dummy').reset()
heavy = {'mujoco', 'dm_control', 'tensorflow', 'OpenGL'} & set(sys.modules)
assert not heavy, heavy
"""
  environment = os.environ | {'MUJOCO_GL': 'disable'}
  subprocess.run([sys.executable, '-c', program], check=True, env=environment)
