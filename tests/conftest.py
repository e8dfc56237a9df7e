"""Shared fixtures: golden numbers, a debug run, the marker `slow`."""

import gc
import importlib.util
import json
import os
import pathlib
import re

import numpy as np
import pytest

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

GOLDEN = pathlib.Path(__file__).parent / 'golden'


def pytest_addoption(parser):
  parser.addoption(
    '--golden',
    default=str(GOLDEN / 'seed0'),
    help='folder of golden npz files, whose name ends in the seed',
  )
  parser.addoption('--slow', action='store_true', help='also run slow tests')


def pytest_collection_finish():
  # TensorFlow's modules hold millions of objects. Without this, the garbage
  # collector scans them again and again while tests trace functions.
  gc.collect()
  gc.freeze()
  gc.set_threshold(50_000, 10, 10)


def pytest_collection_modifyitems(config, items):
  if config.getoption('--slow'):
    return
  skip = pytest.mark.skip(reason='slow; run with --slow')
  for item in items:
    if 'slow' in item.keywords:
      item.add_marker(skip)


class Golden:
  """Numbers computed by the original, and the weights that it used."""

  def __init__(self, folder: pathlib.Path) -> None:
    self.folder = folder
    match = re.search(r'(\d+)$', folder.name)
    if not match or not folder.is_dir():
      raise pytest.UsageError(
        f'--golden={folder} is not a folder whose name ends in a seed'
      )
    self.seed = int(match.group(1))
    spec = importlib.util.spec_from_file_location(
      'golden_recipe', GOLDEN / 'recipe.py'
    )
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    self.recipe = recipe

  def load(self, name):
    """Returns the arrays of an npz file of this seed, by name."""
    with np.load(self.folder / name) as data:
      return {key: data[key] for key in data.files}

  def json(self, name):
    """Returns the content of a JSON file, which does not depend on the seed."""
    return json.loads((GOLDEN / name).read_text())

  def weight(self, name, shape):
    """Returns the weight of an original variable."""
    return self.recipe.weight(self.seed, name, shape)

  def probe(self, array):
    """Returns the elements of an array that the `.../probe` keys hold."""
    flat = np.asarray(array).reshape(-1)
    return flat[self.recipe.probe_index(flat.size)]


@pytest.fixture(scope='module', autouse=True)
def _free_memory():
  """Frees the models and graphs of a module, which hold each other."""
  yield
  gc.collect()


@pytest.fixture(scope='session')
def golden(request):
  return Golden(pathlib.Path(request.config.getoption('--golden')))


@pytest.fixture(scope='session')
def golden_root():
  """Folder of the golden files that do not depend on the seed."""
  return GOLDEN


def error(actual, expected):
  """Returns the largest |a - b| / (1 + |b|), as in the golden README."""
  actual, expected = np.asarray(actual), np.asarray(expected)
  assert actual.shape == expected.shape, (actual.shape, expected.shape)
  return float(np.max(np.abs(actual - expected) / (1 + np.abs(expected))))


@pytest.fixture(scope='session')
def relative_error():
  return error


@pytest.fixture(scope='session')
def debug_run(tmp_path_factory):
  """Directory of a finished debug run of the toy task, with a profile.

  All tests share it: a test that changes the directory must copy it first.
  """
  from planet_tf.config import gin_files
  from planet_tf.training.profiling import UpdateRange
  from planet_tf.training.run import train

  folder = tmp_path_factory.mktemp('debug') / 'run'
  gin_files.parse(['tasks/dummy.gin', 'scale/debug.gin'])
  train(folder, profile=UpdateRange(3, 5))
  return folder


@pytest.fixture(scope='session')
def golden_model(golden):
  """Function that returns world models with the golden weights."""
  from planet_tf.models import RSSM
  from planet_tf.networks import Decoder, Encoder, FeedForward
  from planet_tf.original.variables import load_original, original_variables
  from planet_tf.world_model import WorldModel

  def make(dynamics=None, *, action_size=6, **options):
    model = WorldModel(
      Encoder(),
      dynamics or RSSM(30, 200, 200, **options),
      {
        'image': Decoder(),
        'reward': FeedForward(num_layers=3, units=300),
      },
      action_size=action_size,
    )
    variables = original_variables(model)
    load_original(
      model, {k: golden.weight(k, v.shape) for k, v in variables.items()}
    )
    return model

  return make
