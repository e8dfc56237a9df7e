"""Command line of the benchmark.

Example:

    python -m tools.benchmark --output=new.json --compare=old.json
"""

import pathlib
import sys

from absl import flags

from planet_tf import command_line
from planet_tf.command_line import UsageError

command_line.start_tensorflow()

from tools.benchmark import machine, plan, report, runner

FLAGS = flags.FLAGS

flags.DEFINE_list(
  'parts', list(plan.PARTS), f'What to measure: {", ".join(plan.PARTS)}.'
)
flags.DEFINE_list(
  'sizes', ['paper', 'cpu'], '`paper`, and names of files in gin_configs/scale.'
)
flags.DEFINE_list(
  'planners',
  ['500x5', '100x5'],
  'More planners, CANDIDATESxITERATIONS, otherwise as in the paper.',
)
flags.DEFINE_list(
  'updates', ['16x32'], 'More updates, CHUNKSxSTEPS, otherwise so too.'
)
flags.DEFINE_enum(
  'precision',
  None,
  ['float32', 'bfloat16', 'auto'],
  'Precision at all sizes; by default that of each configuration.',
)
flags.DEFINE_list(
  'task', ['cartpole_swingup', 'cheetah_run'], 'Tasks for env_step.'
)
flags.DEFINE_integer(
  'repeats', 5, 'Repeats of which the median is taken.', lower_bound=1
)
flags.DEFINE_string(
  'output', 'runs/benchmark.json', 'JSON file to write the timings to.'
)
flags.DEFINE_string(
  'compare', None, 'JSON file of an earlier benchmark to compare with.'
)
flags.DEFINE_string(
  'input', None, 'JSON file to show (and compare) instead of measuring.'
)


def main() -> int:
  """Measures, writes and prints; see the flags."""
  old = report.read(FLAGS.compare) if FLAGS.compare else None
  record = report.read(FLAGS.input) if FLAGS.input else _measure()
  print(report.table(record))
  if old:
    print('\n' + report.comparison(old, record))
  _warn(report.unsteady(record))
  return 0


def _measure() -> report.Record:
  output = pathlib.Path(FLAGS.output).expanduser()
  jobs = plan.make_jobs(
    FLAGS.parts,
    sizes=FLAGS.sizes,
    planners=FLAGS.planners,
    updates=FLAGS.updates,
    precision=FLAGS.precision,
    tasks=FLAGS.task,
  )
  _make_writable(output)
  session = machine.describe()
  _warn(machine.busy(session))
  record = runner.measure_all(
    jobs, session, FLAGS.repeats, output, with_gemm='gemm' in FLAGS.parts
  )
  print(f'Written to {output}.\n', file=sys.stderr)
  return record


def _warn(message: str | None) -> None:
  if message:
    print(f'Warning: {message}', file=sys.stderr)


def _make_writable(path: pathlib.Path) -> None:
  """Makes the folder of the output, before the work and not after."""
  try:
    path.parent.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise UsageError(
      f'Cannot make the folder of {str(path)!r} ({error.strerror}); choose '
      'another --output.'
    ) from error
  command_line.require_writable(str(path))


if __name__ == '__main__':
  command_line.run(main)
