"""planet_tf as a library: lazy imports, environments, training with fit."""

import subprocess
import sys

import numpy as np
import pytest

import planet_tf
from planet_tf.config import gin_files, model_factories
from planet_tf.data import ChunkSampler, as_dataset, write_episode

DEBUG = ['tasks/dummy.gin', 'scale/debug.gin']


def test_import_loads_neither_tensorflow_nor_mujoco():
  code = (
    'import sys, planet_tf, planet_tf.envs; '
    'print([m for m in ("tensorflow", "keras", "mujoco") if m in sys.modules])'
  )
  result = subprocess.run(
    [sys.executable, '-c', code], capture_output=True, text=True, check=True
  )
  assert result.stdout.strip() == '[]'


def test_public_names_load_on_first_use():
  for name in planet_tf.__all__:
    assert getattr(planet_tf, name) is not None
  with pytest.raises(AttributeError, match='no_such_name'):
    _ = planet_tf.no_such_name


def test_make_env_works_after_tensorflow_is_loaded():
  env = planet_tf.make_env('dummy', seed=0, duration=3)
  try:
    step = env.reset()
    rewards = []
    while not step.last():
      step = env.step(np.zeros(env.action_spec().shape, np.float32))
      rewards.append(step.reward)
    assert len(rewards) == 3
    assert step.observation['image'].dtype == np.uint8
  finally:
    env.close()


def test_fit_trains_on_recorded_episodes(tmp_path):
  generator = np.random.default_rng(0)
  for _ in range(2):
    image = np.zeros((15, 64, 64, 3), np.uint8)
    image[:, 20:40, 20:40] = generator.integers(0, 256, (15, 1, 1, 3))
    write_episode(
      tmp_path,
      {
        'image': image,
        'action': generator.uniform(-1, 1, (15, 2)).astype(np.float32),
        'reward': image[:, 30, 30, 0] / 255.0,
      },
    )
  gin_files.parse(DEBUG)
  model = model_factories.make_world_model(2, seed=1)
  model_factories.compile_model(model)
  dataset = as_dataset(ChunkSampler(tmp_path, batch=4, length=10))
  history = model.fit(dataset, epochs=2, steps_per_epoch=8, verbose=0).history
  assert history['loss'][1] < history['loss'][0]
  assert set(history) >= {'image_loss', 'reward_loss', 'kl', 'gradient_norm'}
  assert int(model.optimizer.iterations) == 16
  assert np.isfinite(model.evaluate(dataset, steps=1, return_dict=True)['loss'])
