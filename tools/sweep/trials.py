"""Trials of a sweep and their progress."""

import hashlib
import itertools
import json
import os
import pathlib
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from planet_tf.analysis.metrics import read_metrics
from planet_tf.analysis.run import has_metrics
from planet_tf.analysis.tables.groups import SWEEP_FILE
from planet_tf.cli import UsageError
from planet_tf.runs.atomic_files import atomic_write_json

# File in the run directory of a finished trial.
_MARK = 'trained.json'


class Trial(NamedTuple):
  """A training run of a sweep.

  Attributes:
    name: Name, such as `figure4_ssm/cheetah_run-seed0`.
    logdir: Run directory.
    command: Command that starts or resumes training.
    total: Requested episodes of training data.
    settings: Hash of all settings; the command names only the gin files.
  """

  name: str
  logdir: pathlib.Path
  command: tuple[str, ...]
  total: int
  settings: str

  @property
  def log(self) -> pathlib.Path:
    """File for the output of the training."""
    return self.logdir.with_name(self.logdir.name + '.log')

  @property
  def error(self) -> str:
    """Last line of the log if it is an error, otherwise ''."""
    if not self.log.exists():
      return ''
    with self.log.open('rb') as file:
      file.seek(0, os.SEEK_END)
      file.seek(max(0, file.tell() - 10_000))
      lines = file.read().decode(errors='replace').strip().splitlines()
    line = lines[-1] if lines else ''
    return line if re.match(r'[\w.]*(Error|Exception)\b', line) else ''

  @property
  def finished(self) -> bool:
    """Whether the same command has finished the training."""
    mark = self.logdir / _MARK
    return mark.exists() and json.loads(mark.read_text()) == self._finished

  def finish(self) -> None:
    """Records that the training is finished."""
    atomic_write_json(self.logdir / _MARK, self._finished)

  @property
  def _finished(self) -> dict[str, object]:
    return {
      'command': list(self.command),
      'episodes': self.total,
      'settings': self.settings,
    }


class Progress(NamedTuple):
  """Progress of a trial.

  Attributes:
    episodes: Episodes of training data.
    updates: Updates.
    last_return: Mean return of the last evaluation, if there is one.
  """

  episodes: int = 0
  updates: int = 0
  last_return: float | None = None


def make_trials(
  root: pathlib.Path,
  tasks: Sequence[str],
  seeds: Sequence[int],
  experiments: Mapping[str, tuple[int, str]],
  files: Sequence[str],
  params: Sequence[str],
) -> list[Trial]:
  """Plans the trials of a sweep.

  Args:
    root: Folder of all run directories.
    tasks: Names of tasks.
    seeds: Seeds of the runs.
    experiments: Requested episodes of training data and settings as text of
      each experiment, a gin file to read after `files`, or '' for none.
    files: gin files of all trials.
    params: Bindings of all trials.

  Returns:
    The trials, with all seeds of a task in sequence.

  Raises:
    UsageError: If two have the same name.
  """
  trials = []
  for experiment, task, seed in itertools.product(experiments, tasks, seeds):
    total, settings = experiments[experiment]
    folder = root / pathlib.Path(experiment).stem if experiment else root
    logdir = folder / f'{re.sub(r"[^A-Za-z0-9_]+", "-", task)}-seed{seed}'
    chosen = [*files, *([experiment] if experiment else [])]
    command = (
      sys.executable,
      '-m',
      'planet_tf.train',
      *(f'--gin_file={name}' for name in chosen),
      *(f'--gin_param={text}' for text in params),
      f'--gin_param=train.task = {task!r}',
      f'--gin_param=train.seed = {seed}',
      f'--logdir={logdir}',
    )
    name = str(logdir.relative_to(root))
    fingerprint = hashlib.sha256(settings.encode()).hexdigest()
    trials.append(Trial(name, logdir, command, total, fingerprint))
  name, count = Counter(trial.name for trial in trials).most_common(1)[0]
  if count > 1:
    raise UsageError(
      f'{count} trials are called {name}; name each task, seed and experiment '
      'once.'
    )
  return trials


def read_progress(trial: Trial) -> Progress:
  """Reads the progress of a trial from its run directory."""
  if not has_metrics(trial.logdir):
    return Progress()
  lines = read_metrics(trial.logdir)
  tests = [line['return'] for line in lines if _is_test(line)]
  return Progress(
    episodes=max((line['episodes'] for line in lines), default=0),
    updates=max((line['updates'] for line in lines), default=0),
    last_return=tests[-1] if tests else None,
  )


def table(rows: Sequence[tuple[Trial, Progress, str]]) -> str:
  """Returns a table of trials with their progress and states."""
  width = max(len(trial.name) for trial, _, _ in rows)
  lines = [f'{"trial":{width}}  state     episodes    updates   last test']
  for trial, progress, state in rows:
    episodes = f'{progress.episodes}/{trial.total}'
    found = progress.last_return
    last = '-' if found is None else f'{found:.1f}'
    name = f'{trial.name:{width}}  {state:8}'
    lines.append(f'{name}  {episodes:>10} {progress.updates:>9}  {last:>9}')
  return '\n'.join(lines)


def _is_test(line: dict) -> bool:
  return line['split'] == 'test' and 'return' in line


def write_plan(root: pathlib.Path, trials: Sequence[Trial]) -> None:
  """Writes the list of trials, for `--status`.

  Trials of earlier commands that have started are kept.
  """
  root.mkdir(parents=True, exist_ok=True)
  names = {trial.name for trial in trials}
  earlier = read_plan(root) if (root / SWEEP_FILE).exists() else []
  kept = [x for x in earlier if x.name not in names and x.logdir.exists()]
  _write(root, [*kept, *trials])


def add_to_plan(root: pathlib.Path, trial: Trial) -> None:
  """Adds a trial that starts if another command has removed it."""
  plan = read_plan(root)
  if trial.name not in {x.name for x in plan}:
    _write(root, [*plan, trial])


def _write(root: pathlib.Path, trials: Sequence[Trial]) -> None:
  atomic_write_json(
    root / SWEEP_FILE, [[x.name, str(x.logdir), *x[2:]] for x in trials]
  )


def read_plan(root: pathlib.Path) -> list[Trial]:
  """Returns the trials that `write_plan` has written.

  Raises:
    UsageError: If there is no such file, or it is damaged.
  """
  try:
    return [
      Trial(name, pathlib.Path(logdir), tuple(command), total, settings)
      for name, logdir, command, total, settings in json.loads(
        (root / SWEEP_FILE).read_text()
      )
    ]
  except FileNotFoundError as error:
    raise UsageError(
      f'No sweep in {str(root)!r}; --logdir is the folder of the sweep.'
    ) from error
  except (OSError, TypeError, ValueError) as error:
    raise UsageError(
      f'{str(root / SWEEP_FILE)!r} lists no trials ({error}); remove it, '
      'and run the command of the sweep again.'
    ) from error
