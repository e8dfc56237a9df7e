"""Measures how fast this machine plans, updates, simulates and loads data.

Examples:

    python -m tools.benchmark --output=new.json --baseline=old.json
    python -m tools.benchmark --compare
    python -m tools.benchmark --lower=programs --sizes=paper --agents=1,10

docs/BENCHMARK.md explains the measurements.
"""

import pathlib
import sys

from absl import flags

from planet_tf import cli
from tools.benchmark import PARTS

FLAGS = flags.FLAGS

flags.DEFINE_list('parts', list(PARTS), 'What to measure.')
flags.DEFINE_list(
  'sizes', ['paper', 'cpu'], 'paper, paper_text, or files in gin_configs/scale.'
)
flags.DEFINE_list(
  'planners', ['500x5', '100x5'], 'More planners, as CANDIDATESxITERATIONS.'
)
flags.DEFINE_list('updates', ['16x32'], 'More updates, as CHUNKSxSTEPS.')
flags.DEFINE_list(
  'agents', ['1', '10'], 'Numbers of environments to plan for at once.'
)
flags.DEFINE_enum(
  'precision',
  'auto',
  ['float32', 'bfloat16', 'auto'],
  'Precision at all sizes.',
)
flags.DEFINE_string(
  'num_splits', 'auto', 'Number of parallel splits at all sizes, or auto.'
)
flags.DEFINE_list(
  'task', ['cartpole_swingup', 'cheetah_run'], 'Tasks to simulate.'
)
flags.DEFINE_integer(
  'repeats', 5, 'Repeats of each measurement; reports the median.', 1
)
flags.DEFINE_string('output', 'runs/benchmark.json', 'JSON file to write.')
flags.DEFINE_bool(
  'compare',
  False,
  'Measure actions and updates at --sizes in each precision, in one split and '
  'in one per core, and report whether the automatic choice is the fastest.',
)
flags.DEFINE_string(
  'lower',
  None,
  'Folder for plans and updates at --sizes and for --agents as programs of '
  'StableHLO, which tools/run_lowered.py runs; measures nothing.',
)
flags.DEFINE_string(
  'baseline', None, 'JSON file of an earlier benchmark to compare with.'
)
flags.DEFINE_string('input', None, 'JSON file to show instead of measuring.')


def main() -> int:
  """Measures, writes the timings and prints them."""
  from tools.benchmark import lower, machine, plan, records, report, runner

  if FLAGS.lower:
    agents = [plan.count(text) for text in FLAGS.agents]
    lower.write_programs(pathlib.Path(FLAGS.lower), FLAGS.sizes, agents)
    return 0
  baseline = records.read(FLAGS.baseline) if FLAGS.baseline else None
  if FLAGS.input:
    record = records.read(FLAGS.input)
  else:
    options = {name: FLAGS[name].value for name in plan.OPTIONS}
    jobs = plan.plan_jobs(FLAGS.compare, options)
    output = records.prepare_output(FLAGS.output)
    record = runner.run(jobs, FLAGS.repeats, output, 'gemm' in FLAGS.parts)
  print(report.full_report(record, baseline, compare=FLAGS.compare))
  if warning := machine.unsteady(record):
    print(f'Warning: {warning}', file=sys.stderr)
  return 0


if __name__ == '__main__':
  cli.run(main)
