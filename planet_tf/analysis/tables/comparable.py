"""Checks that runs may share a row or a curve."""

from collections.abc import Mapping, Sequence

from planet_tf.analysis.settings import Settings, default_settings
from planet_tf.analysis.tables.group import GroupError, Member
from planet_tf.runs.directory import different_settings

# Settings in which the runs of a group may differ.
_VARIED = {'train.seed', 'train.task'}
_EPISODES = 'train.evaluation_episodes'
_EVALUATIONS = 'train.evaluations'
_TASK = 'train.task'

SPLIT_UP = 'give them as two groups, each with --runs=LABEL=GLOB'


def check_equal(settings: Mapping[str, Settings]) -> None:
  """Checks that runs differ only in seed and task.

  Args:
    settings: Settings of each run by path. The evaluated planner is the first
      of `train.evaluations`.

  Raises:
    GroupError: If two runs differ in more.
  """
  (first, expected), *others = settings.items()
  for path, found in others:
    different = _differences(expected, found)
    if different:
      name = different[0]
      raise GroupError(
        f'The runs {first!r} and {path!r} differ in more than seed and task '
        f'({name} is {expected.get(name)!r} and {found.get(name)!r}'
        f'{", among others" if len(different) > 1 else ""}); {SPLIT_UP}.'
      )


def _differences(expected: Settings, found: Settings) -> list[str]:
  different = [
    x for x in different_settings(expected, found) if x not in _VARIED
  ]
  if _evaluated(expected) != _evaluated(found):
    different.append(_EVALUATIONS)
  # Otherwise some runs would have more weight than others.
  if expected.get(_EPISODES) != found.get(_EPISODES):
    different.append(_EPISODES)
  # One agent for several tasks is a different experiment.
  tasks = expected.get(_TASK), found.get(_TASK)
  if tasks[0] != tasks[1] and not all(isinstance(x, str) for x in tasks):
    different.append(_TASK)
  return different


def check_imported(members: Sequence[Member]) -> None:
  """Checks that all runs, or none, began with weights of the original code.

  Raises:
    GroupError: If only some of them did.
  """
  paths = {member.imported: member.path for member in members}
  if len(paths) > 1:
    raise GroupError(
      f'{paths[True]!r} began with weights of the original code, and '
      f'{paths[False]!r} did not; {SPLIT_UP}.'
    )


def check_unique(members: Sequence[Member]) -> None:
  """Checks that there is one run for each task and seed.

  Raises:
    GroupError: If there are two.
  """
  paths: dict[tuple[str, int], str] = {}
  for member in members:
    other = paths.setdefault((member.task, member.seed), member.path)
    if other != member.path:
      raise GroupError(
        f'{other!r} and {member.path!r} are both of {member.task} with seed '
        f'{member.seed}; leave one of them out.'
      )


def changed_settings(settings: Settings) -> Settings:
  """Returns the settings of a run that differ from planet.gin."""
  default = default_settings()
  names = different_settings({k: default.get(k) for k in settings}, settings)
  result = {name: settings[name] for name in names if name not in _VARIED}
  evaluated = _evaluated(settings)
  return result | evaluated[1] if evaluated else result


def _evaluated(settings: Settings) -> tuple[str, Settings] | None:
  """Returns name and settings of the planner whose evaluations count."""
  if _EVALUATIONS not in settings:
    return None  # Episodes with the true simulator.
  name = settings[_EVALUATIONS][0]
  scoped = {k: x for k, x in settings.items() if k.startswith(f'{name}/')}
  return name, scoped
