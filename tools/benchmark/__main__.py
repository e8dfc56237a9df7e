"""Command line of the benchmark.

Example:

    python -m tools.benchmark --output=new.json --baseline=old.json
"""

import pathlib
import sys

from absl import flags

from planet_tf import cli
from planet_tf.cli import UsageError
from planet_tf.ops import hardware

cli.start_tensorflow()

from planet_tf.runs.provenance import describe_command
from tools.benchmark import lower, machine, plan, report, runner

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
flags.DEFINE_list(
  'agents', ['1', '10'], 'Numbers of environments that are planned for at once.'
)
flags.DEFINE_enum(
  'precision',
  'auto',
  ['float32', 'bfloat16', 'auto'],
  'Precision at all sizes.',
)
flags.DEFINE_string('num_splits', 'auto', 'Number of num_splits at all sizes.')
flags.DEFINE_list(
  'task', ['cartpole_swingup', 'cheetah_run'], 'Tasks for env_step.'
)
flags.DEFINE_integer(
  'repeats', 5, 'Repeats of which the median is taken.', lower_bound=1
)
flags.DEFINE_string(
  'output', 'runs/benchmark.json', 'JSON file to write the timings to.'
)
flags.DEFINE_bool(
  'compare',
  False,
  'Measure actions and updates at all --sizes in every precision, in one chain '
  'and in one a core, and say whether the automatic choice is the fastest.',
)
flags.DEFINE_string(
  'lower',
  None,
  'Folder to write plans and updates at --sizes and for --agents to, as '
  'programs that tools/run_lowered.py runs with jax; nothing is measured.',
)
flags.DEFINE_string(
  'baseline', None, 'JSON file of an earlier benchmark; flags what is slower.'
)
flags.DEFINE_string(
  'input', None, 'JSON file to show (and compare) instead of measuring.'
)


def main() -> int:
  """Measures, writes and prints; see the flags."""
  if FLAGS.lower:
    agents = [plan.count(text) for text in FLAGS.agents]
    lower.write_programs(pathlib.Path(FLAGS.lower), FLAGS.sizes, agents)
    return 0
  old = report.read(FLAGS.baseline) if FLAGS.baseline else None
  record = report.read(FLAGS.input) if FLAGS.input else _measure()
  print(report.table(record))
  if old:
    print('\n' + report.comparison(old, record))
  if FLAGS.compare:
    session = record['session']
    choice = session['auto_precision'], session['auto_chains']
    print('\n' + report.verdict(record, *choice))
  _warn(report.unsteady(record))
  return 0


def _measure() -> report.Record:
  output = pathlib.Path(FLAGS.output).expanduser()
  if not (FLAGS.num_splits == 'auto' or FLAGS.num_splits.isdigit()):
    raise UsageError(
      f"--num_splits={FLAGS.num_splits} is no number and not 'auto'."
    )
  if FLAGS.compare:
    jobs = plan.make_alternatives(FLAGS.sizes, hardware.cores())
  else:
    jobs = plan.make_jobs(
      FLAGS.parts,
      sizes=FLAGS.sizes,
      planners=FLAGS.planners,
      updates=FLAGS.updates,
      agents=FLAGS.agents,
      precision=FLAGS.precision,
      num_splits=FLAGS.num_splits,
      tasks=FLAGS.task,
    )
  _make_writable(output)
  session = {**runner.describe(), 'command': describe_command()}
  _warn(machine.busy(session))
  try:
    record = runner.measure_all(
      jobs, session, FLAGS.repeats, output, with_gemm='gemm' in FLAGS.parts
    )
  except runner.JobFailed as error:
    raise UsageError(str(error)) from error
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
  cli.require_writable(str(path))


if __name__ == '__main__':
  cli.run(main)
