"""Trains an agent from camera images.

Examples:

    python -m planet_tf.train --gin_file=tasks/cartpole_swingup.gin \\
        --gin_file=scale/cpu.gin --logdir=runs/cartpole_swingup

The same command resumes a run that was stopped. Ctrl-C stops after a
checkpoint.
"""

import signal
from typing import TYPE_CHECKING

from absl import flags

from planet_tf import cli

if TYPE_CHECKING:
  from planet_tf.training.profiling import UpdateRange

FLAGS = flags.FLAGS

cli.define_gin_flags('planet.gin')
flags.DEFINE_string(
  'logdir', None, 'Run directory; created if it does not exist.'
)
flags.DEFINE_enum(
  'strategy',
  None,
  ['one', 'mirrored'],
  'Short for --gin_param=train.strategy=...: compute updates on one device, or '
  'on all GPUs.',
)
flags.DEFINE_string(
  'profile',
  None,
  'Updates of this process to profile for TensorBoard, such as 10:20; viewing '
  'them needs the package xprof.',
)


def main() -> int:
  """Reads the configuration and trains."""
  from planet_tf.config import gin_files
  from planet_tf.training.run import train

  profile = _profile()
  params = list(FLAGS.gin_param)
  if FLAGS.strategy:
    params.append(f'train.strategy = {FLAGS.strategy!r}')
  gin_files.parse(FLAGS.gin_file, params)
  cli.require_binding('train.task', 'tasks/cartpole_swingup.gin')
  stop = cli.StopRequest(signal.SIGINT, signal.SIGTERM)
  counters = train(FLAGS.logdir, should_stop=stop, profile=profile)
  if stop():
    print(
      f'Stopped after {counters.updates} updates and {counters.episodes} '
      'episodes; run the same command to resume.'
    )
    return 130
  print(f'Done: {counters.episodes} episodes, {counters.updates} updates.')
  return 0


def _profile() -> 'UpdateRange | None':
  from planet_tf.training.profiling import UpdateRange

  try:
    return UpdateRange.parse(FLAGS.profile) if FLAGS.profile else None
  except ValueError as error:
    raise cli.UsageError(f'--profile={error}') from error


if __name__ == '__main__':
  cli.run(main, 'logdir')
