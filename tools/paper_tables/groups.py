"""Groups of runs: rows of the table, lines in the curves."""

import glob
import os
import pathlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from planet_tf.cli import UsageError
from planet_tf.config import gin_files
from planet_tf.logs.recorder import FILE
from planet_tf.runs.loading import read_task
from tools.paper_tables import comparable
from tools.paper_tables.runs import Run, Score, read_run
from tools.simulator_record import read_record, returns_of
from tools.sweep.trials import PLAN


class Group(NamedTuple):
  """Runs that differ in seed and task alone.

  Attributes:
    label: Name that the user gave.
    runs: The runs, each in its tasks that have been tested.
    input: What the agent sees.
    changed: Settings that are not those of planet.gin.
    untested: Run directories and tasks that have not been tested yet.
  """

  label: str
  runs: list[Run]
  input: str
  changed: dict[str, Any]
  untested: list[str]

  @property
  def tasks(self) -> list[str]:
    """Names of the tasks."""
    return list(dict.fromkeys(run.task for run in self.runs))

  @property
  def tasks_of_agent(self) -> int:
    """Tasks that one agent has learned together."""
    return max(Counter(run.path for run in self.runs).values())

  @property
  def imported(self) -> bool:
    """Whether they began with weights of the original."""
    return comparable.is_imported(self.runs[0].path)

  @property
  def notes(self) -> list[str]:
    """What readers should know of its tests, sentences."""
    notes = [f'{x} has no test yet and is left out' for x in self.untested]
    for task in self.tasks:
      last, runs = self.tests_of(task)[-1], self.of_task(task)
      reached = sorted((run.scores[-1].updates, run.path) for run in runs)
      slowest, furthest = reached[0], reached[-1]
      if furthest[0] > last[0].updates:
        notes.append(
          f'{task} after {last[0].updates} updates, the last test that all '
          f'runs have had; {slowest[1]} has had {slowest[0]}, {furthest[1]} '
          f'{furthest[0]}'
        )
      counts = sorted({len(test.returns) for test in last})
      if len(counts) > 1:
        notes.append(
          f'{task}: tests of {counts[0]} to {counts[-1]} episodes, in which '
          'each run weighs the same'
        )
    return notes

  def of_task(self, task: str) -> list[Run]:
    """Runs of a task."""
    return [run for run in self.runs if run.task == task]

  def tests_of(self, task: str) -> list[list[Score]]:
    """Tests of a task that all its runs have had, in order, each of all runs.

    Raises:
      UsageError: There is none.
    """
    runs = self.of_task(task)
    by_updates: dict[int, list[Score]] = {}
    for run in runs:
      for updates, score in {x.updates: x for x in run.scores}.items():
        by_updates.setdefault(updates, []).append(score)
    common = {k: x for k, x in by_updates.items() if len(x) == len(runs)}
    if not common:
      raise UsageError(
        f'The runs of {task} in {self.label} have no test after equally many '
        'updates; wait for the youngest.'
      )
    return [common[updates] for updates in sorted(common)]


def read_groups(texts: Sequence[str]) -> list[Group]:
  """Reads what flags name, each as `read_group`.

  Raises:
    UsageError: Two have the same label, or one cannot be read.
  """
  groups = [read_group(text) for text in texts]
  label, count = Counter(group.label for group in groups).most_common(1)[0]
  if count > 1:
    raise UsageError(
      f'{count} groups are called {label!r}; give each a name of its own, as '
      '--runs=LABEL=GLOB.'
    )
  return groups


def read_group(text: str) -> Group:
  """Reads the runs that a flag names.

  Args:
    text: `GLOB` of run directories, or `LABEL=GLOB`; or of files that
      `tools.true_simulator` has written. `LABEL@PLANNER=GLOB` is for one of the
      tested planners of run directories, by default the first.

  Returns:
    The group.

  Raises:
    UsageError: Nothing matches, nothing has been tested, or the runs differ in
      more than seed and task.
  """
  label, matches = _find(text)
  paths = [x for x in matches if _is_run(pathlib.Path(x))]
  # Beside the runs of a sweep lie its plan and logs.
  files = [x for x in matches if x.endswith('.json') and not x.endswith(PLAN)]
  if files and paths:
    raise UsageError(
      f'--runs={text} matches run directories and files; give them as two '
      'groups, each with --runs=LABEL=GLOB.'
    )
  if files:
    return _read_simulations(label, files)
  if not paths:
    raise UsageError(f'--runs={text} matches no run directory with {FILE}.')
  return _read_runs(label, paths)


def _find(text: str) -> tuple[str, list[str]]:
  """A label, and what the glob behind it matches."""
  label, matches = 'planet_tf', glob.glob(os.path.expanduser(text))
  # Labels and globs may have an equals sign, too.
  for place, letter in enumerate(text):
    if letter == '=' and not matches:
      label = text[:place]
      matches = glob.glob(os.path.expanduser(text[place + 1 :]))
  # Matplotlib shows no label with an underscore in front.
  if matches and (label[:1] in ('', '_') or not label.isprintable()):
    raise UsageError(
      f'--runs={text!r} has the label {label!r}; give one of printable letters '
      'without an underscore in front.'
    )
  return label, sorted(matches)


def _is_run(path: pathlib.Path) -> bool:
  return any((path / name).is_file() for name in (FILE, 'config.gin'))


def _read_runs(label: str, paths: Sequence[str]) -> Group:
  begun = [path for path in paths if (pathlib.Path(path) / FILE).is_file()]
  settings = {path: _settings(pathlib.Path(path)) for path in begun}
  _, at, planner = label.rpartition('@')
  if at:
    for path, found in settings.items():
      comparable.choose_planner(path, found, planner)
  runs, untested = [], [path for path in paths if path not in begun]
  for path, found in settings.items():
    for run in read_run(pathlib.Path(path), found):
      if run.scores:
        runs.append(run)
      else:
        untested.append(f'{path} ({run.task})')
  if not runs:
    raise UsageError(
      f'{", ".join(untested)}: no test yet; wait for the first one.'
    )
  comparable.check_equal(settings)
  comparable.check_imported(begun)
  comparable.check_once(runs)
  changed = comparable.changed(settings[runs[0].path])
  return Group(label, runs, 'pixels', changed, untested)


def _read_simulations(label: str, paths: Sequence[str]) -> Group:
  runs, settings = [], {}
  for path in paths:
    record = read_record(pathlib.Path(path))
    planner = {f'make_planner.{k}': x for k, x in record['planner'].items()}
    settings[path] = planner | record['envs']
    scores = [Score(0, 0, returns_of(record))]
    facts = record['task'], record['seed']
    if record['results']:
      runs.append(Run(path, *facts, scores, record['sessions']))
  if not runs:
    raise UsageError(f'{", ".join(paths)}: no episode yet; wait for one.')
  comparable.check_equal(settings)
  comparable.check_once(runs)
  changed = comparable.changed(settings[paths[0]])
  return Group(label, runs, 'simulator state', changed, [])


def _settings(path: pathlib.Path) -> dict[str, Any]:
  """The configuration of a run; of settings newer than it, the defaults."""
  read_task(path)  # It says what is missing of a run directory.
  gin_files.parse([str(path / 'config.gin')])
  return gin_files.bindings()
