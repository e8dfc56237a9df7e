"""Trains many runs: tasks x seeds x experiments, on one machine or several.

Examples:

    python -m tools.sweep --gin_file=scale/cpu.gin --logdir=runs/sweep \\
        --tasks=cheetah_run,walker_walk --seeds=0,1,2
    python -m tools.sweep --logdir=runs/figure4 --tasks=cheetah_run \\
        --seeds=0,1 --experiments=,experiments/figure4_ssm.gin --backend=ray
    python -m tools.sweep --logdir=runs/sweep --status

Each trial has its own process and run directory. The same command continues
with the trials that are not finished. Ctrl-C stops them after checkpoints.
"""

import pathlib

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Folder of all run directories.')
flags.DEFINE_list('tasks', [], 'Names of tasks.')
flags.DEFINE_list('seeds', ['0'], 'Seeds.')
flags.DEFINE_list(
  'experiments',
  [''],
  'gin files to compare, each read after --gin_file; an empty name for none.',
)
flags.DEFINE_enum('backend', 'local', ['local', 'ray'], 'Where trials run.')
flags.DEFINE_integer(
  'jobs',
  None,
  'Number of parallel trials with --backend=local; by default as many as the '
  'GPUs allow, or one without GPUs.',
  lower_bound=1,
)
flags.DEFINE_string(
  'address', 'auto', 'Address of the Ray cluster; local starts one here.'
)
flags.DEFINE_integer('cpus', 1, 'CPUs of a trial on Ray.', lower_bound=1)
flags.DEFINE_integer(
  'gpus',
  1,
  'GPUs of a trial, if there are any; more than one needs '
  "--gin_param=train.strategy='mirrored'.",
  lower_bound=1,
)
flags.DEFINE_integer(
  'retries',
  3,
  'Retries of a trial that fails repeatedly without progress.',
  lower_bound=0,
)
flags.DEFINE_bool('status', False, 'Only show the progress of the sweep.')
cli.define_gin_flags('planet.gin')


def main() -> int:
  """Runs the trials that are not finished and shows the progress of all."""
  from tools.sweep.local import LocalBackend
  from tools.sweep.monitor import Monitor
  from tools.sweep.planning import plan_trials
  from tools.sweep.ray_cluster import RayBackend
  from tools.sweep.running import Backend, run_sweep
  from tools.sweep.trials import read_plan

  root = pathlib.Path(FLAGS.logdir).expanduser().resolve()
  if FLAGS.status:
    Monitor(root, read_plan(root)).show()
    return 0
  for flag, name in (('jobs', 'local'), ('address', 'ray'), ('cpus', 'ray')):
    if FLAGS[flag].present and FLAGS.backend != name:
      raise cli.UsageError(
        f'--{flag} has no effect here; it is for --backend={name}.'
      )
  cli.require_writable_folder(FLAGS.logdir)
  names = ('tasks', 'seeds', 'experiments', 'gin_file', 'gin_param', 'gpus')
  trials = plan_trials(root, *(FLAGS[name].value for name in names))
  backend: Backend
  if FLAGS.backend == 'ray':
    backend = RayBackend(FLAGS.address, FLAGS.retries, FLAGS.cpus, FLAGS.gpus)
  else:
    backend = LocalBackend(FLAGS.jobs, FLAGS.retries, FLAGS.gpus)
  return run_sweep(root, trials, backend)


if __name__ == '__main__':
  cli.run(main, 'logdir')
