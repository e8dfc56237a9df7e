"""Test that the loop learns: a model, and with it better actions."""

import numpy as np
import pytest

from planet_tf.analysis import read_metrics
from planet_tf.config import gin_files
from planet_tf.data import list_episodes, read_episode
from planet_tf.training.run import train

# Sizes between `scale/debug.gin`, which learns nothing, and `scale/cpu.gin`.
PARAMS = (
  'make_world_model.state_size = 10',
  'make_world_model.belief_size = 40',
  'make_world_model.embed_size = 40',
  'make_world_model.head_layers = 2',
  'make_world_model.head_units = 40',
  'make_sampler.batch = 8',
  'make_sampler.length = 8',
  'make_sampler.refresh_interval = 80',
  'make_planner.iterations = 5',
  'make_planner.candidates = 50',
  'make_planner.elites = 5',
  'make_envs.duration = 25',
  'collect.interval = 40',
  'train.seed_episodes = 5',
  'train.total_episodes = 14',
  'train.updates_per_evaluation = 350',
  'train.evaluation_episodes = 5',
)


def _images(folder):
  """Images of all episodes [N, 64, 64, 3] as the model sees them, 5 bits."""
  images = [read_episode(path)['image'] for path in list_episodes(folder)]
  return (np.concatenate(images) // 8 + 0.5) / 32


@pytest.mark.slow
def test_training_improves_predictions_and_returns(tmp_path):
  gin_files.parse(['tasks/dummy.gin', 'scale/debug.gin'], PARAMS)
  train(tmp_path)
  images = _images(tmp_path / 'train_episodes')
  # The image loss of the best constant image, and of a perfect prediction.
  perfect = 0.5 * 64 * 64 * 3 * np.log(2 * np.pi)
  errors = ((images - images.mean(0)) ** 2).sum((1, 2, 3))
  constant = perfect + 0.5 * errors.mean()
  losses = [
    x['image_loss']
    for x in read_metrics(tmp_path, 'train')
    if 'image_loss' in x and x['updates'] > 320
  ]
  assert np.mean(losses) < perfect + 0.75 * (constant - perfect)
  records = read_metrics(tmp_path, 'test')
  random_returns = [x['random_return'] for x in records if 'return' not in x]
  random_returns += [x['return'] for x in read_metrics(tmp_path, 'train')[:5]]
  returns = records[-1]['episode_returns']
  assert np.mean(returns) > np.mean(random_returns) + 2
