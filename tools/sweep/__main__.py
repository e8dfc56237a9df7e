"""Command line of sweeps.

Examples:

    python -m tools.sweep --gin_file=scale/cpu.gin --logdir=runs/sweep \\
        --tasks=cheetah_run,walker_walk --seeds=0,1,2
    python -m tools.sweep --logdir=runs/figure4 --tasks=cheetah_run \\
        --seeds=0,1 --experiments=,experiments/figure4_ssm.gin --backend=ray
    python -m tools.sweep --logdir=runs/sweep --status

Trains tasks x seeds x experiments, each in a process and run directory of its
own. The same command goes on with what is not finished; Ctrl-C stops after
checkpoints.
"""

import pathlib
import re
import signal
import sys
from collections.abc import Sequence

from absl import flags

from planet_tf import cli

cli.start_tensorflow()

from planet_tf.config import gin_files
from planet_tf.envs.registry import find_task
from planet_tf.training.run import check_settings
from tools.sweep.local import LocalBackend
from tools.sweep.monitor import Monitor
from tools.sweep.ray_cluster import RayBackend
from tools.sweep.trials import Trial, make_trials, read_plan, write_plan

FLAGS = flags.FLAGS

flags.DEFINE_string('logdir', None, 'Folder of all run directories.')
flags.DEFINE_list(
  'tasks', [], 'Names of tasks; they win over those of gin files.'
)
flags.DEFINE_list('seeds', ['0'], 'Seeds; they win over those of gin files.')
flags.DEFINE_list(
  'experiments', [''], 'Gin files to compare; an empty one for none.'
)
flags.DEFINE_enum('backend', 'local', ['local', 'ray'], 'Where trials run.')
flags.DEFINE_integer(
  'jobs',
  None,
  'Trials at a time with --backend=local; by default one, or as many as there '
  'are GPUs for.',
  lower_bound=1,
)
flags.DEFINE_string(
  'address', 'auto', 'Address of the Ray cluster; local starts one here.'
)
flags.DEFINE_integer(
  'cpus', 1, 'CPUs that a trial takes of a Ray cluster.', lower_bound=1
)
flags.DEFINE_integer(
  'gpus',
  1,
  'GPUs of a trial, where there are any; several are for '
  "--gin_param=train.strategy='mirrored'.",
  lower_bound=1,
)
flags.DEFINE_integer(
  'retries',
  3,
  'How often a trial that fails is started again without having come further.',
  lower_bound=0,
)
flags.DEFINE_bool('status', False, 'Only show how far the sweep has come.')
cli.define_gin_flags('planet.gin')


def main() -> int:
  """Runs what is not finished and shows how far all has come."""
  root = pathlib.Path(FLAGS.logdir).expanduser().resolve()
  if FLAGS.status:
    Monitor(root, read_plan(root)).show()
    return 0
  _check_backend()
  trials = _make_trials(root)
  if FLAGS.backend == 'ray':
    backend = RayBackend(FLAGS.address, FLAGS.retries, FLAGS.cpus, FLAGS.gpus)
  else:
    backend = LocalBackend(FLAGS.jobs, FLAGS.retries, FLAGS.gpus)
  write_plan(root, trials)
  monitor = Monitor(root, trials)
  waiting = [trial for trial in trials if not trial.finished]
  # Both stop all after checkpoints. Ray has set a handler that would abort, and
  # a shell has jobs in the background ignore Ctrl-C.
  for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.default_int_handler)
  try:
    backend.run(waiting, monitor.set_state, monitor.tick)
  except KeyboardInterrupt:
    Monitor(root, trials).show()  # As the trials have been left.
    raise
  monitor.show()
  for trial in monitor.failed:
    print(f'{trial.name} has failed; see {trial.log}.', file=sys.stderr)
  return 1 if monitor.failed else 0


def _check_backend() -> None:
  """Refuses flags of the other backend."""
  for flag, backend in (('jobs', 'local'), ('address', 'ray'), ('cpus', 'ray')):
    if FLAGS[flag].present and FLAGS.backend != backend:
      raise cli.UsageError(
        f'--{flag} has no effect here; it is for --backend={backend}.'
      )


def _make_trials(root: pathlib.Path) -> list[Trial]:
  """The trials that the flags ask for; finds mistakes in their settings."""
  cli.require_writable_folder(FLAGS.logdir)
  if not FLAGS.tasks:
    raise cli.UsageError('--tasks is missing; name some.')
  if not FLAGS.seeds or not all(seed.isdecimal() for seed in FLAGS.seeds):
    raise cli.UsageError(
      f'--seeds={",".join(FLAGS.seeds)} must be numbers of at least 0.'
    )
  # Trials may run elsewhere, where relative names mean other files.
  files = [_absolute(name) for name in FLAGS.gin_file]
  _check_varied(FLAGS.gin_param)
  experiments = {}
  for name in FLAGS.experiments or ['']:
    experiment = _absolute(name)
    more = [experiment] if experiment else []
    gin_files.parse([*files, *more], FLAGS.gin_param)
    settings = gin_files.bindings()
    if not isinstance(settings.get('train.task', ''), str):
      raise cli.UsageError(
        f'The settings {f"with {name} " if name else ""}train one agent for '
        'several tasks, and a sweep one for each; train it with python -m '
        'planet_tf.train.'
      )
    if (settings['train.strategy'] == 'one') != (FLAGS.gpus == 1):
      raise cli.UsageError(
        f'train.strategy={settings["train.strategy"]!r} does not go with '
        f"--gpus={FLAGS.gpus}; a trial with several GPUs is 'mirrored' on them."
      )
    text = gin_files.text()
    # Any task will do.
    task = f'train.task = {FLAGS.tasks[0]!r}'
    gin_files.parse([*files, *more], [*FLAGS.gin_param, task])
    check_settings()
    experiments[experiment] = (
      settings['train.total_episodes'],
      text,
    )
    for task in FLAGS.tasks:
      # Modules that the trials import may know more tasks.
      if ':' not in task and not settings['make_envs.modules']:
        find_task(task)
  return make_trials(
    root,
    FLAGS.tasks,
    [int(seed) for seed in FLAGS.seeds],
    experiments,
    files,
    FLAGS.gin_param,
  )


def _check_varied(params: Sequence[str]) -> None:
  """Refuses bindings that the trials would override."""
  for flag in ('task', 'seed'):
    if any(re.match(rf'\s*train\.{flag}\s*=', param) for param in params):
      raise cli.UsageError(
        f'--gin_param=train.{flag} has no effect here; use --{flag}s.'
      )


def _absolute(name: str) -> str:
  return name and str(gin_files.find_file(name).resolve())


if __name__ == '__main__':
  cli.run(main, 'logdir')
