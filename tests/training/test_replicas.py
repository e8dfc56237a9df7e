"""Updates on several devices are those of one."""

import json

import pytest

from tests.commands import run_program

PROGRAM = """
import sys
import tensorflow as tf
from planet_tf.training import configuration
from planet_tf.config.registry import ConfigurationError
from planet_tf.training.run import train

logdir, count, *params = sys.argv[1:]
device = tf.config.list_physical_devices('CPU')[0]
tf.config.set_logical_device_configuration(
  device, [tf.config.LogicalDeviceConfiguration()] * int(count)
)
configuration.parse(['tasks/dummy.gin', 'scale/debug.gin'], params)
try:
  train(logdir)
except ConfigurationError as error:
  sys.exit(str(error))
"""


def _train(logdir, devices, *params):
  program = logdir.parent / 'program.py'
  program.write_text(PROGRAM)
  arguments = (logdir, devices, 'make_sampler.batch = 4')
  arguments += ('train.updates_per_log = 1', 'train.total_episodes = 2')
  arguments += params
  return run_program(program, *arguments)


def _metrics(logdir, split):
  lines = (logdir / 'metrics.jsonl').read_text().splitlines()
  return [x for x in map(json.loads, lines) if x['split'] == split]


def test_two_devices_learn_what_one_learns(tmp_path):
  # Two num_splits split the batch and draw noise as two devices do.
  result = _train(tmp_path / 'one', 1, 'make_world_model.num_splits = 2')
  assert result.returncode == 0, result.stderr
  result = _train(tmp_path / 'two', 2, "train.strategy = 'mirrored'")
  assert result.returncode == 0, result.stderr
  one, two = (
    [x for x in _metrics(tmp_path / name, 'train') if 'loss' in x]
    for name in ('one', 'two')
  )
  assert len(one) == len(two) == 11
  # Later the rounding of sums makes them two runs, as two machines would.
  for expected, found in zip(one[:5], two, strict=False):
    for name in ('loss', 'image_loss', 'kl', 'gradient_norm'):
      assert found[name] == pytest.approx(expected[name], rel=1e-3), name
  assert one[0]['loss'] > one[4]['loss'] + 10  # Both have learned.
  # The same command goes on, with the mirrored optimizer.
  more = 'train.total_episodes = 3'
  result = _train(tmp_path / 'two', 2, "train.strategy = 'mirrored'", more)
  assert result.returncode == 0, result.stderr
  assert _metrics(tmp_path / 'two', 'train')[-1]['episodes'] == 3


@pytest.mark.parametrize(
  'param, message',
  [
    (
      'make_sampler.batch = 5',
      'make_sampler.batch=5 is not a multiple of the 2 devices',
    ),
    (
      'make_world_model.jit_compile = True',
      "does not go with train.strategy='",
    ),
  ],
)
def test_what_cannot_be_shared_out_is_refused(tmp_path, param, message):
  result = _train(tmp_path / 'run', 2, "train.strategy = 'mirrored'", param)
  assert result.returncode == 1
  assert message in result.stderr
  assert 'Traceback' not in result.stderr
