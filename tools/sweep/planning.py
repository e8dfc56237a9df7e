"""Plans the trials of a sweep and checks their settings."""

import pathlib
import re
from collections.abc import Sequence

from planet_tf.cli import UsageError
from planet_tf.config import gin_files
from planet_tf.envs.registry import find_task
from planet_tf.training.run import check_settings
from tools.sweep.trials import Trial, make_trials


def plan_trials(
  root: pathlib.Path,
  tasks: Sequence[str],
  seeds: Sequence[str],
  experiments: Sequence[str],
  files: Sequence[str],
  params: Sequence[str],
  gpus: int,
) -> list[Trial]:
  """Returns the trials of a sweep; finds mistakes before any of them runs.

  Args:
    root: Folder of all run directories.
    tasks: Names of tasks.
    seeds: Seeds as text.
    experiments: gin files to compare, '' for none.
    files: gin files of all trials.
    params: Bindings of all trials.
    gpus: GPUs of a trial.

  Raises:
    UsageError: If the flags do not fit together.
    ConfigurationError: If a setting is invalid.
    UnknownTask: If there is no such task.
  """
  if not tasks:
    raise UsageError('--tasks is missing; name some.')
  if not seeds or not all(seed.isdecimal() for seed in seeds):
    raise UsageError(
      f'--seeds={",".join(seeds)} must be numbers of at least 0.'
    )
  for flag in ('task', 'seed'):
    if any(re.match(rf'\s*train\.{flag}\s*=', param) for param in params):
      raise UsageError(
        f'--gin_param=train.{flag} has no effect here; use --{flag}s.'
      )
  # Trials may run in another working directory.
  paths = [_absolute(name) for name in files]
  described = {}
  for name in experiments or ['']:
    experiment = _absolute(name)
    described[experiment] = _check_experiment(
      [*paths, *([experiment] if experiment else [])], params, tasks, gpus
    )
  numbers = [int(seed) for seed in seeds]
  return make_trials(root, tasks, numbers, described, paths, params)


def _check_experiment(
  files: Sequence[str], params: Sequence[str], tasks: Sequence[str], gpus: int
) -> tuple[int, str]:
  """Checks the settings of an experiment.

  Returns:
    Its episodes of training data, and its settings as text.
  """
  gin_files.parse(files, params)
  settings, text = gin_files.bindings(), gin_files.text()
  if not isinstance(settings.get('train.task', ''), str):
    raise UsageError(
      f'The settings of {", ".join(files)} train one agent for several tasks, '
      'but each trial of a sweep has one task; use python -m planet_tf.train.'
    )
  strategy = settings['train.strategy']
  if (strategy == 'one') != (gpus == 1):
    raise UsageError(
      f'train.strategy={strategy!r} does not fit --gpus={gpus}; a trial with '
      "several GPUs needs 'mirrored'."
    )
  # The checks need a task; all tasks have the same settings.
  gin_files.parse(files, [*params, f'train.task = {tasks[0]!r}'])
  check_settings()
  for task in tasks:
    # Modules that only trials import can define more tasks.
    if ':' not in task and not settings['make_envs.modules']:
      find_task(task)
  total = settings['train.total_episodes']
  assert isinstance(total, int)
  return total, text


def _absolute(name: str) -> str:
  return name and str(gin_files.find_file(name).resolve())
