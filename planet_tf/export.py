"""Exports the agent of a run.

Examples:

    python -m planet_tf.export --logdir=runs/cartpole_swingup --output=exported

writes exported/1, a SavedModel that needs only TensorFlow and that TensorFlow
Serving can serve; each further export is the next version.

    python -m planet_tf.export --logdir=runs/cartpole_swingup \\
        --format=stablehlo --output=exported_hlo

docs/EXPORT.md describes the formats and how to run them.
"""

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Run directory of the agent.')
flags.DEFINE_string(
  'checkpoint', None, 'Path of a checkpoint; the latest by default.'
)
flags.DEFINE_string(
  'output', None, 'Folder to write; created if it does not exist.'
)
flags.DEFINE_enum(
  'format',
  'saved_model',
  ['saved_model', 'stablehlo', 'litert'],
  'Format to write. `stablehlo` and `litert` contain only `act`.',
)
flags.DEFINE_enum(
  'precision',
  None,
  ['float32', 'bfloat16'],
  'Type of matrix products; float32 is fast on every machine. By default that '
  'of the run (always float32 for litert).',
)
flags.DEFINE_enum(
  'weights',
  'float32',
  ['float32', 'int8'],
  'Type of the stored weights; int8 takes a quarter of the space.',
)
flags.DEFINE_integer(
  'batch',
  1,
  'Number of environments of stablehlo and litert; a saved_model accepts any '
  'number.',
  lower_bound=1,
)
cli.define_gin_flags("the run's configuration")


def main() -> int:
  """Loads the agent and writes it."""
  from planet_tf.exporting.run_export import export_run

  cli.require_writable_folder(FLAGS.output)
  path = export_run(
    FLAGS.logdir,
    FLAGS.output,
    FLAGS.format,
    checkpoint=FLAGS.checkpoint,
    precision=FLAGS.precision,
    weights=FLAGS.weights,
    batch=FLAGS.batch,
    files=FLAGS.gin_file,
    params=FLAGS.gin_param,
  )
  size = sum(x.stat().st_size for x in path.rglob('*') if x.is_file())
  print(f'Wrote {path}: {size / 1e6:.1f} MB.')
  return 0


if __name__ == '__main__':
  cli.run(main, 'logdir', 'output')
