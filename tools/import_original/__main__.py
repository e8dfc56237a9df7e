"""Imports a checkpoint of the original TensorFlow 1 code as a run directory.

Example:

    python -m tools.import_original --checkpoint=00001/model.ckpt-500500 \\
        --gin_file=tasks/cheetah_run.gin --output=runs/imported

The gin files must describe the model of the checkpoint. Training continues from
it, with new episodes or also with those of --episodes, the folder that the
original calls train_episodes.
"""

import pathlib

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string(
  'checkpoint', None, 'Path prefix of the checkpoint, without .index.'
)
flags.DEFINE_string('output', None, 'Run directory to create.')
flags.DEFINE_string(
  'episodes', None, 'Folder of training episodes to copy into the run.'
)
cli.define_gin_flags('planet.gin')


def main() -> int:
  """Reads the checkpoint and writes the run directory."""
  from planet_tf.config import gin_files
  from tools.import_original.importing import import_checkpoint

  gin_files.parse(FLAGS.gin_file, FLAGS.gin_param)
  cli.require_binding('train.task', 'tasks/cartpole_swingup.gin')
  output = pathlib.Path(FLAGS.output).expanduser()
  episodes = FLAGS.episodes and pathlib.Path(FLAGS.episodes).expanduser()
  imported = import_checkpoint(FLAGS.checkpoint, output, episodes)
  optimizer = 'with' if imported.has_optimizer else 'without'
  print(
    f'{output}: weights after about {imported.updates} updates, {optimizer} '
    f'the state of Adam, {imported.episodes} episodes.'
  )
  return 0


if __name__ == '__main__':
  cli.run(main, 'checkpoint', 'output')
