"""The trials of a sweep and how far each has come."""

import itertools
import json
import pathlib
import re
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from planet_tf.command_line import UsageError
from planet_tf.training.summaries import FILE, read_metrics
from planet_tf.training.whole_file import write_json

# File in a run directory, once it has been trained to the end.
_MARK = 'trained.json'


class Trial(NamedTuple):
  """A training run of a sweep.

  Attributes:
    name: Its name, such as `figure4_ssm/cheetah_run-seed0`.
    logdir: Its run directory.
    command: What trains it, or goes on with it.
    total: Episodes of training data that it is asked for.
  """

  name: str
  logdir: pathlib.Path
  command: tuple[str, ...]
  total: int

  @property
  def log(self) -> pathlib.Path:
    """File for what the training prints."""
    return self.logdir.with_name(self.logdir.name + '.log')

  @property
  def finished(self) -> bool:
    """Whether it has been trained to the end with the same command."""
    mark = self.logdir / _MARK
    return mark.exists() and json.loads(mark.read_text()) == self._finished

  def finish(self) -> None:
    """Notes that it has been trained."""
    write_json(self.logdir / _MARK, self._finished)

  @property
  def _finished(self) -> dict[str, object]:
    # Gin files may have changed while the command is the same.
    return {'command': list(self.command), 'episodes': self.total}


class Progress(NamedTuple):
  """How far a trial has come.

  Attributes:
    episodes: Episodes of training data.
    updates: Updates.
    last_return: Mean return of its last test, if there is one.
  """

  episodes: int = 0
  updates: int = 0
  last_return: float | None = None


def make_trials(
  root: pathlib.Path,
  tasks: Sequence[str],
  seeds: Sequence[int],
  totals: Mapping[str, int],
  files: Sequence[str],
  params: Sequence[str],
) -> list[Trial]:
  """Plans the trials of a sweep.

  Args:
    root: Folder of all run directories.
    tasks: Names of tasks.
    seeds: Seeds of the runs.
    totals: Episodes of training data that each experiment asks for; an
      experiment is a gin file that is read after `files`, or '' for none.
    files: Gin files for all trials.
    params: Bindings for all trials.

  Returns:
    The trials, all seeds of a task after each other.

  Raises:
    UsageError: Two of them have the same name.
  """
  trials = []
  for experiment, task, seed in itertools.product(totals, tasks, seeds):
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
    trials.append(Trial(name, logdir, command, totals[experiment]))
  if len({trial.logdir for trial in trials}) < len(trials):
    raise UsageError(
      'Some trials have the same name; name each task, seed and experiment '
      'once.'
    )
  return trials


def read_progress(trial: Trial) -> Progress:
  """Reads how far a trial has come from its run directory."""
  if not (trial.logdir / FILE).exists():
    return Progress()
  lines = read_metrics(trial.logdir)
  tests = [line['return'] for line in lines if _is_test(line)]
  return Progress(
    episodes=max((line['episodes'] for line in lines), default=0),
    updates=max((line['updates'] for line in lines), default=0),
    last_return=tests[-1] if tests else None,
  )


def table(rows: Sequence[tuple[Trial, Progress, str]]) -> str:
  """The trials, how far they have come and their states, as text."""
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
  """Keeps what the sweep consists of, for `--status`."""
  root.mkdir(parents=True, exist_ok=True)
  plan = [[x.name, str(x.logdir), x.command, x.total] for x in trials]
  write_json(root / 'sweep.json', plan)


def read_plan(root: pathlib.Path) -> list[Trial]:
  """The trials that `write_plan` has kept."""
  try:
    plan = json.loads((root / 'sweep.json').read_text())
  except (OSError, ValueError) as error:
    raise UsageError(f'No sweep in {str(root)!r} ({error}).') from error
  return [
    Trial(name, pathlib.Path(logdir), tuple(command), total)
    for name, logdir, command, total in plan
  ]
