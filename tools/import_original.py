"""Imports a checkpoint of the original TensorFlow 1 code as a run directory.

Example:

    python -m tools.import_original --checkpoint=00001/model.ckpt-500500 \\
        --gin_file=tasks/cheetah_run.gin --output=runs/imported

The gin files must describe the model of the checkpoint. Training goes on from
it, with episodes of its own or those of --episodes, which the original calls
train_episodes.
"""

import pathlib
import shutil

from absl import flags

from planet_tf import cli

cli.start_tensorflow()

from planet_tf.config import gin_files
from planet_tf.config.factories import make_sampler, open_envs
from planet_tf.config.model_factories import make_model_for
from planet_tf.config.settings import make_train_settings
from planet_tf.data import list_episodes, read_episode
from planet_tf.original.checkpoints import (
  assign,
  count_updates,
  read_checkpoint,
)
from planet_tf.runs.atomic_files import atomic_write_json
from planet_tf.runs.checkpoints import Checkpoints
from planet_tf.runs.counters import Counters
from planet_tf.runs.directory import RunDirectory

FLAGS = flags.FLAGS

flags.DEFINE_string(
  'checkpoint', None, 'Path prefix of the checkpoint, without .index.'
)
flags.DEFINE_multi_string(
  'gin_file', [], 'gin file to read after planet.gin; the task, at least.'
)
flags.DEFINE_multi_string('gin_param', [], 'Single binding; wins over files.')
flags.DEFINE_string('output', None, 'Run directory to make.')
flags.DEFINE_string(
  'episodes', None, 'Folder of training episodes to copy into the run.'
)


def main() -> int:
  """Reads the checkpoint and writes the run directory."""
  gin_files.parse(FLAGS.gin_file, FLAGS.gin_param)
  cli.require_binding('train.task', 'tasks/cartpole_swingup.gin')
  values = read_checkpoint(FLAGS.checkpoint)
  output = pathlib.Path(FLAGS.output).expanduser()
  if output.exists() and any(output.iterdir()):
    raise cli.UsageError(
      f'--output={FLAGS.output} is not empty; choose another folder.'
    )
  settings = make_train_settings()
  updates = count_updates(
    values,
    gin_files.bindings()['make_sampler.batch'],
    settings.updates_per_evaluation,
  )
  if FLAGS.episodes and len(settings.tasks) > 1:
    raise cli.UsageError(
      '--episodes takes the episodes of one task; leave it out for an agent '
      'of several, since the files do not say of which task they are.'
    )
  with open_envs(settings.tasks) as envs:
    first = next(iter(envs.values()))
    model = make_model_for(envs, settings.seed)
    has_optimizer = assign(model, values, updates)
    run = RunDirectory(output)
    try:
      run.train_episodes.mkdir()
      episodes = _copy_episodes(FLAGS.episodes, run.train_episodes)
      counters = _count(episodes, first.action_repeat)
      counters.updates = updates
      # Those of before are not made up for.
      counters.tests = updates // settings.updates_per_evaluation
      sampler = make_sampler(run.train_episodes, keys=model.batch_keys)
      position = {
        'counters': counters.as_dict(),
        'data': sampler.state_dict(),
        'records': 0,
        'sums': {},
      }
      Checkpoints(run.checkpoints, model, settings.keep_checkpoints).save(
        position
      )
      run.describe(envs)
    finally:
      run.close()
  source = {'checkpoint': FLAGS.checkpoint, 'updates': updates}
  atomic_write_json(output / 'imported.json', source)
  optimizer = 'with' if has_optimizer else 'without'
  print(
    f'{output}: weights after about {updates} updates, {optimizer} the state '
    f'of Adam, {len(episodes)} episodes.'
  )
  return 0


def _copy_episodes(
  source: str | None, target: pathlib.Path
) -> list[pathlib.Path]:
  """Copies episode files that can be read; returns the copies."""
  if source is None:
    return []
  folder = pathlib.Path(source).expanduser()
  if not folder.is_dir():
    raise cli.UsageError(f'--episodes={source} is not a folder.')
  copies = []
  for path in list_episodes(folder):
    read_episode(path)
    copies.append(pathlib.Path(shutil.copy2(path, target)))
  return copies


def _count(episodes: list[pathlib.Path], action_repeat: int) -> Counters:
  steps = [len(read_episode(path, ['reward'])['reward']) for path in episodes]
  decisions = sum(steps) - len(steps)
  return Counters(
    episodes=len(episodes),
    decisions=decisions,
    env_steps=decisions * action_repeat,
  )


if __name__ == '__main__':
  cli.run(main, 'checkpoint', 'output')
