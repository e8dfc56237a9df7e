"""Takes the agent of a run elsewhere.

Examples:

    python -m planet_tf.export --logdir=runs/cartpole_swingup --output=exported

writes exported/1, a SavedModel that needs TensorFlow and nothing else, and
that TensorFlow Serving can serve; each further export is the next version.

    python -m planet_tf.export --logdir=runs/cartpole_swingup \\
        --format=stablehlo --output=exported_hlo

See docs/EXPORT.md for what the formats hold and how to run them.
"""

import pathlib

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Run directory of the agent.')
flags.DEFINE_string(
  'checkpoint', None, 'Path of one checkpoint; the latest by default.'
)
flags.DEFINE_string('output', None, 'Folder to write; made if need be.')
flags.DEFINE_enum(
  'format',
  'saved_model',
  ['saved_model', 'stablehlo', 'litert'],
  'What to write. `stablehlo` and `litert` hold `act` alone.',
)
flags.DEFINE_enum(
  'precision',
  None,
  ['float32', 'bfloat16'],
  'Type of products: float32 runs well everywhere. By default that of the run '
  '(always float32 for litert).',
)
flags.DEFINE_enum(
  'weights',
  'float32',
  ['float32', 'int8'],
  'How weights are stored; int8 takes a quarter of the space.',
)
flags.DEFINE_integer(
  'batch',
  1,
  'Environments for which stablehlo and litert act at once; a saved_model acts '
  'for any number.',
  lower_bound=1,
)
cli.define_gin_flags("the run's configuration")


def main() -> int:
  """Loads the agent and writes it."""
  from planet_tf.exporting import litert, metadata, saved_model, stablehlo
  from planet_tf.exporting.functions import AgentFunctions
  from planet_tf.exporting.weights import FullWeights, Int8Weights
  from planet_tf.runs.loading import load_run, read_task

  output = pathlib.Path(FLAGS.output).expanduser()
  cli.require_writable_folder(FLAGS.output)
  _check_combination()
  settings = list(FLAGS.gin_param)
  if FLAGS.precision or FLAGS.format == 'litert':
    precision = FLAGS.precision or 'float32'
    settings.append(f'make_world_model.precision = {precision!r}')
  if FLAGS.format != 'saved_model':
    settings.append('make_world_model.num_splits = 1')
  agent, counters = load_run(
    FLAGS.logdir, FLAGS.checkpoint, FLAGS.gin_file, settings
  )
  print(f'Loaded the agent after {counters.updates} updates.')
  task = read_task(FLAGS.logdir)
  facts = metadata.describe(agent, task, counters, FLAGS.weights)
  print(f'Writing {FLAGS.format}; this takes some seconds.', flush=True)
  if FLAGS.format == 'saved_model':
    weights = {'float32': FullWeights, 'int8': Int8Weights}[FLAGS.weights]
    functions = AgentFunctions(agent, weights(agent.model))
    output = saved_model.save(functions, facts, output)
  elif FLAGS.format == 'stablehlo':
    stablehlo.save(agent, facts, output, FLAGS.batch)
  else:
    litert.save(agent, facts, output, FLAGS.batch)
  size = sum(x.stat().st_size for x in output.rglob('*') if x.is_file())
  print(f'Wrote {output}: {size / 1e6:.1f} MB.')
  return 0


def _check_combination() -> None:
  if FLAGS.format == 'stablehlo' and FLAGS.weights == 'int8':
    raise cli.UsageError(
      '--weights=int8 is not for --format=stablehlo; leave it out.'
    )
  if FLAGS.format == 'litert' and FLAGS.precision == 'bfloat16':
    raise cli.UsageError(
      '--precision=bfloat16 is not for --format=litert; leave it out.'
    )


if __name__ == '__main__':
  cli.run(main, 'logdir', 'output')
