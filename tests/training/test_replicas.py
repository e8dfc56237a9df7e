"""Compares updates on several devices with updates on one device."""

import json

import pytest

from tests.commands import run_program

DEVICES = """
import sys
import tensorflow as tf

device = tf.config.list_physical_devices('CPU')[0]
tf.config.set_logical_device_configuration(
  device, [tf.config.LogicalDeviceConfiguration()] * int(sys.argv[1])
)
"""

TRAIN = (
  DEVICES
  + """
from planet_tf.config import gin_files
from planet_tf.config.registry import ConfigurationError
from planet_tf.training.run import train

logdir, *params = sys.argv[2:]
gin_files.parse(['tasks/dummy.gin', 'scale/debug.gin'], params)
try:
  train(logdir)
except ConfigurationError as error:
  sys.exit(str(error))
"""
)

# SGD instead of Adam, which hides the scale of gradients.
UPDATE = (
  DEVICES
  + """
import json
import keras
import numpy as np
from planet_tf.config import gin_files
from planet_tf.config.model_factories import make_objectives, make_world_model
from planet_tf.training.replicas import compiled_update, make_strategy

reductions = []
all_reduce = tf.distribute.ReplicaContext.all_reduce

def count(context, operation, value, *args):
  if context.num_replicas_in_sync > 1:
    reductions.append(len(tf.nest.flatten(value)))
  return all_reduce(context, operation, value, *args)

tf.distribute.ReplicaContext.all_reduce = count

def make(name, splits):
  gin_files.parse(
    ['scale/debug.gin'],
    [
      f'make_world_model.num_splits = {splits}',
      'make_world_model.gradient_heads = ("image",)',
    ],
  )
  strategy = make_strategy(name)
  with strategy.scope():
    model = make_world_model(2, seed=1)
    optimizers = [keras.optimizers.SGD(0.1) for _ in range(2)]
    model.compile(optimizers[0], make_objectives(), 1.0, optimizers[1])
  return model, strategy

random = np.random.default_rng(0)
batch = {
  'image': random.integers(0, 256, (4, 5, 64, 64, 3), np.uint8),
  'action': random.normal(size=(4, 5, 2)).astype(np.float32),
  'reward': random.normal(size=(4, 5)).astype(np.float32),
}
result = {}
for name, splits in (('one', 2), ('mirrored', 1)):
  model, strategy = make(name, splits)
  before = [np.array(v) for v in model.trainable_variables]
  metrics = compiled_update(model, strategy)(batch)
  changes = [
    float(np.linalg.norm(np.array(v) - old))
    for v, old in zip(model.trainable_variables, before)
  ]
  result[name] = [float(metrics['gradient_norm']), *changes]
result['tensors'] = len(metrics) - 1 + len(before)
result['reductions'] = reductions
dataset = tf.data.Dataset.from_tensor_slices(batch).batch(4).repeat()
with strategy.scope():
  history = model.fit(dataset, steps_per_epoch=2, verbose=0).history
result['fit'] = history['loss']
print(json.dumps(result))
"""
)


def _run(folder, source, *arguments):
  program = folder / 'program.py'
  program.write_text(source)
  return run_program(program, *arguments)


def _train(logdir, devices, *params):
  return _run(
    logdir.parent,
    TRAIN,
    devices,
    logdir,
    'make_sampler.batch = 4',
    'train.updates_per_log = 1',
    'train.total_episodes = 2',
    *params,
  )


def _metrics(logdir, split):
  lines = (logdir / 'metrics.jsonl').read_text().splitlines()
  return [x for x in map(json.loads, lines) if x['split'] == split]


def test_two_devices_learn_the_same_as_one(tmp_path):
  # Two splits divide the batch and draw noise as two devices do.
  result = _train(tmp_path / 'one', 1, 'make_world_model.num_splits = 2')
  assert result.returncode == 0, result.stderr
  result = _train(tmp_path / 'two', 2, "train.strategy = 'mirrored'")
  assert result.returncode == 0, result.stderr
  one, two = (
    [x for x in _metrics(tmp_path / name, 'train') if 'loss' in x]
    for name in ('one', 'two')
  )
  assert len(one) == len(two) == 11
  # Rounding errors accumulate in later updates.
  for expected, found in zip(one[:5], two, strict=False):
    for name in ('loss', 'image_loss', 'kl', 'gradient_norm'):
      assert found[name] == pytest.approx(expected[name], rel=1e-3), name
  assert one[0]['loss'] > one[4]['loss'] + 10  # Both learn.
  # The run resumes with the mirrored optimizer.
  more = 'train.total_episodes = 3'
  result = _train(tmp_path / 'two', 2, "train.strategy = 'mirrored'", more)
  assert result.returncode == 0, result.stderr
  assert _metrics(tmp_path / 'two', 'train')[-1]['episodes'] == 3


def test_gradients_are_reduced_once(tmp_path):
  result = _run(tmp_path, UPDATE, 2)
  assert result.returncode == 0, result.stderr
  found = json.loads(result.stdout.splitlines()[-1])
  assert found['mirrored'] == pytest.approx(found['one'], rel=1e-3)
  # One reduction in each of the two replicas, for the update and for fit.
  assert found['reductions'] == [found['tensors']] * 4
  assert len(found['fit']) == 1
  assert found['fit'][0] > 0


@pytest.mark.parametrize(
  'param, values',
  [
    ('make_sampler.batch = 5', ('make_sampler.batch=5', '2 devices')),
    (
      'make_world_model.jit_compile = True',
      ('make_world_model.jit_compile=True', "train.strategy='mirrored'"),
    ),
  ],
)
def test_impossible_combinations_are_refused(tmp_path, param, values):
  result = _train(tmp_path / 'run', 2, "train.strategy = 'mirrored'", param)
  assert result.returncode == 1
  for value in values:
    assert value in result.stderr
  assert 'Traceback' not in result.stderr
