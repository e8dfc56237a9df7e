"""Which runs may stand behind one cell or curve."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from planet_tf.cli import UsageError
from planet_tf.config import gin_files
from planet_tf.runs.directory import different_settings
from tools.paper_tables.runs import Run

# What they may differ in.
_VARIED = {'train.seed', 'train.task'}
_EPISODES = 'train.evaluation_episodes'
_TASK = 'train.task'
_TESTS = 'train.evaluations'

Settings = dict[str, Any]


def choose_planner(path: str, settings: Settings, planner: str) -> None:
  """Has one of the tested planners count in place of the first.

  Args:
    path: The run directory.
    settings: Its bindings, which are changed.
    planner: Name of the planner.

  Raises:
    UsageError: It is not tested.
  """
  tests = settings[_TESTS]
  if planner not in tests:
    raise UsageError(
      f'{path!r} has no tests of a planner {planner!r}, only of '
      f'{", ".join(tests)}; give one of these behind the @ of the label.'
    )
  settings[_TESTS] = (planner, *(x for x in tests if x != planner))


def check_equal(settings: Mapping[str, Settings]) -> None:
  """Refuses runs that differ in more than they may.

  Args:
    settings: Bindings by path.

  Raises:
    UsageError: Two of them do.
  """
  (first, expected), *others = settings.items()
  for path, found in others:
    different = [
      x for x in different_settings(expected, found) if x not in _VARIED
    ]
    if _tested(expected) != _tested(found):
      different.append(_TESTS)
    # Otherwise some runs would weigh more than others.
    if expected.get(_EPISODES) != found.get(_EPISODES):
      different.append(_EPISODES)
    # One agent for several tasks is another experiment.
    tasks = expected.get(_TASK), found.get(_TASK)
    if tasks[0] != tasks[1] and not all(isinstance(x, str) for x in tasks):
      different.append(_TASK)
    if different:
      name = different[0]
      raise UsageError(
        f'The runs {first!r} and {path!r} differ in more than seed and task '
        f'({name} is {expected.get(name)!r} and {found.get(name)!r}'
        f'{", among others" if len(different) > 1 else ""}); give them as two '
        'groups, each with --runs=LABEL=GLOB.'
      )


def check_imported(paths: Sequence[str]) -> None:
  """Refuses runs of which some alone began with weights of the original.

  Raises:
    UsageError: There are such.
  """
  imported = {is_imported(path): path for path in paths}
  if len(imported) > 1:
    raise UsageError(
      f'{imported[True]!r} began with weights of the original, and '
      f'{imported[False]!r} did not; give them as two groups, each with '
      '--runs=LABEL=GLOB.'
    )


def is_imported(path: str) -> bool:
  """Whether a run began with weights of the original."""
  return (pathlib.Path(path) / 'imported.json').exists()


def check_once(runs: Sequence[Run]) -> None:
  """Refuses a task and seed that would count twice.

  Raises:
    UsageError: Two runs are of the same.
  """
  paths: dict[tuple[str, int], str] = {}
  for run in runs:
    other = paths.setdefault((run.task, run.seed), run.path)
    if other != run.path:
      raise UsageError(
        f'{other!r} and {run.path!r} are both of {run.task} with seed '
        f'{run.seed}; leave one of them out.'
      )


def changed(settings: Settings) -> Settings:
  """The settings of runs that are not those of planet.gin."""
  gin_files.parse([])
  default = gin_files.bindings()
  names = different_settings({k: default.get(k) for k in settings}, settings)
  result = {name: settings[name] for name in names if name not in _VARIED}
  tested = _tested(settings)
  return result | tested[1] if tested else result


def _tested(settings: Settings) -> tuple[str, Settings] | None:
  """Name and settings of the planner whose tests count."""
  if _TESTS not in settings:
    return None  # The simulator's.
  name = settings[_TESTS][0]
  own = {k: x for k, x in settings.items() if k.startswith(f'{name}/')}
  return name, own
