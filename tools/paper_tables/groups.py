"""Groups of runs: rows of the table, lines in the curves."""

import glob
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from planet_tf.command_line import UsageError
from planet_tf.training import configuration
from planet_tf.training.run_directory import different_settings
from planet_tf.training.summaries import FILE
from tools.paper_tables.runs import Run, Score, read_run
from tools.simulator_record import read_record
from tools.sweep.trials import PLAN

# What the runs behind one cell or curve may differ in.
_VARIED = {'train.seed', 'train.task'}
_EPISODES = 'train.test_episodes'


class Group(NamedTuple):
  """Runs that differ in seed and task alone.

  Attributes:
    label: Name that the user gave.
    runs: The runs.
    input: What the agent sees.
    changed: Settings that are not those of planet.gin.
  """

  label: str
  runs: list[Run]
  input: str
  changed: dict[str, Any]

  @property
  def tasks(self) -> list[str]:
    """Names of the tasks."""
    return list(dict.fromkeys(run.task for run in self.runs))

  @property
  def imported(self) -> bool:
    """Whether any of them began with weights of the original."""
    return any(
      (pathlib.Path(run.path) / 'imported.json').exists() for run in self.runs
    )

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


def read_group(text: str) -> Group:
  """Reads the runs that a flag names.

  Args:
    text: `GLOB` of run directories, or `LABEL=GLOB`; or of files that
      `tools.true_simulator` has written.

  Returns:
    The group.

  Raises:
    UsageError: Nothing matches, nothing has been tested, or the runs differ in
      more than seed and task.
  """
  label, equals, pattern = text.partition('=')
  if not equals:
    label, pattern = 'planet_tf', text
  matches = sorted(glob.glob(str(pathlib.Path(pattern).expanduser())))
  paths = [x for x in matches if (pathlib.Path(x) / FILE).is_file()]
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
  settings = {path: _settings(pathlib.Path(path)) for path in paths}
  _check_equal(settings)
  runs = [
    run
    for path, found in settings.items()
    for run in read_run(pathlib.Path(path), found)
  ]
  _check_once(runs)
  return Group(label, runs, 'pixels', _changed(settings[paths[0]]))


def _read_simulations(label: str, paths: Sequence[str]) -> Group:
  runs, settings = [], {}
  for path in paths:
    record = read_record(pathlib.Path(path))
    planner = {f'make_planner.{k}': x for k, x in record['planner'].items()}
    settings[path] = planner | record['envs']
    returns = [result['return'] for result in record['results']]
    if returns:
      scores = [Score(0, 0, returns)]
      facts = record['task'], record['seed']
      runs.append(Run(path, *facts, scores, record['sessions']))
  _check_equal(settings)
  _check_once(runs)
  return Group(label, runs, 'simulator state', _changed(settings[paths[0]]))


def _settings(path: pathlib.Path) -> dict[str, Any]:
  """The configuration of a run; of settings newer than it, the defaults."""
  configuration.parse([str(path / 'config.gin')])
  return configuration.bindings()


def _check_equal(settings: Mapping[str, Mapping[str, Any]]) -> None:
  """Refuses runs that differ in more than they may."""
  (first, expected), *others = settings.items()
  for path, found in others:
    different = [
      x for x in different_settings(expected, found) if x not in _VARIED
    ]
    if _tested(expected) != _tested(found):
      different.append('train.tests')
    # Otherwise some runs would weigh more than others.
    if expected.get(_EPISODES) != found.get(_EPISODES):
      different.append(_EPISODES)
    if different:
      name = different[0]
      raise UsageError(
        f'The runs {first!r} and {path!r} differ in more than seed and task '
        f'({name} is {expected.get(name)!r} and {found.get(name)!r}'
        f'{", among others" if len(different) > 1 else ""}); give them as two '
        'groups, each with --runs=LABEL=GLOB.'
      )


def _tested(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
  """Name and settings of the planner whose tests count."""
  if 'train.tests' not in settings:
    return None  # The simulator's.
  name = settings['train.tests'][0]
  own = {k: x for k, x in settings.items() if k.startswith(f'{name}/')}
  return name, own


def _changed(settings: Mapping[str, Any]) -> dict[str, Any]:
  """The settings of runs that are not those of planet.gin."""
  configuration.parse([])
  default = configuration.bindings()
  names = different_settings({k: default.get(k) for k in settings}, settings)
  changed = {name: settings[name] for name in names if name not in _VARIED}
  tested = _tested(settings)
  return changed | tested[1] if tested else changed


def _check_once(runs: Sequence[Run]) -> None:
  """Refuses a task and seed that would count twice."""
  paths: dict[tuple[str, int], str] = {}
  for run in runs:
    other = paths.setdefault((run.task, run.seed), run.path)
    if other != run.path:
      raise UsageError(
        f'{other!r} and {run.path!r} are both of {run.task} with seed '
        f'{run.seed}; leave one of them out.'
      )
