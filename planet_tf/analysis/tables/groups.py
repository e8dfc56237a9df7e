"""Reads groups of runs."""

import glob
import os
import pathlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from planet_tf.analysis.run import Evaluation, Run, has_metrics, read_run
from planet_tf.analysis.settings import Settings
from planet_tf.analysis.simulator_records import read_record, returns_of
from planet_tf.analysis.tables import comparable
from planet_tf.analysis.tables.group import Group, GroupError, Member
from planet_tf.logs.metrics_file import FILE

# File of tools.sweep next to the run directories.
SWEEP_FILE = 'sweep.json'


def read_groups(texts: Sequence[str]) -> list[Group]:
  """Reads several groups; see `read_group`.

  Raises:
    GroupError: If two have the same label, or one cannot be read.
  """
  groups = [read_group(text) for text in texts]
  label, count = Counter(group.label for group in groups).most_common(1)[0]
  if count > 1:
    raise GroupError(
      f'{count} groups are called {label!r}; give each a different label, as '
      '--runs=LABEL=GLOB.'
    )
  return groups


def read_group(text: str) -> Group:
  """Reads a group of runs.

  Args:
    text: `GLOB` or `LABEL=GLOB` of run directories, or of files of
      tools.true_simulator. `LABEL@PLANNER=GLOB` selects the evaluations of one
      planner of `train.evaluations`; the default is the first.

  Returns:
    The group.

  Raises:
    GroupError: If nothing matches, nothing has been evaluated, or the runs
      differ in more than seed and task.
    RunError: If a run directory cannot be read.
    RecordError: If a file of tools.true_simulator cannot be read.
  """
  label, matches = _find(text)
  paths = [x for x in matches if _is_run(pathlib.Path(x))]
  files = [
    x for x in matches if x.endswith('.json') and not x.endswith(SWEEP_FILE)
  ]
  if files and paths:
    raise GroupError(
      f'--runs={text} matches run directories and files; {comparable.SPLIT_UP}.'
    )
  if files:
    return _read_simulations(label, files)
  if not paths:
    raise GroupError(
      f'--runs={text} matches no run directory with {FILE}; give a glob of run '
      'directories.'
    )
  return _read_runs(label, paths)


def _find(text: str) -> tuple[str, list[str]]:
  """Returns the label and the paths that match the glob."""
  label, matches = 'planet_tf', glob.glob(os.path.expanduser(text))
  # Labels and globs may contain an equals sign, too.
  for place, letter in enumerate(text):
    if letter == '=' and not matches:
      label = text[:place]
      matches = glob.glob(os.path.expanduser(text[place + 1 :]))
  # Matplotlib hides labels that start with an underscore.
  if matches and (label[:1] in ('', '_') or not label.isprintable()):
    raise GroupError(
      f'--runs={text!r} has the label {label!r}; choose one of printable '
      'characters that does not start with an underscore.'
    )
  return label, sorted(matches)


def _is_run(path: pathlib.Path) -> bool:
  return has_metrics(path) or (path / 'config.gin').is_file()


def _read_runs(label: str, paths: Sequence[str]) -> Group:
  runs = {path: read_run(path) for path in paths if has_metrics(path)}
  skipped = [path for path in paths if path not in runs]
  _, at, planner = label.rpartition('@')
  settings = {
    path: _choose_planner(path, run.settings, planner if at else None)
    for path, run in runs.items()
  }
  everything = [
    member
    for path, run in runs.items()
    for member in _members(path, run, settings[path])
  ]
  members = [x for x in everything if x.evaluations]
  skipped += [f'{x.path} ({x.task})' for x in everything if not x.evaluations]
  if not members:
    raise GroupError(
      f'{", ".join(skipped)}: no evaluation yet; wait for the first one.'
    )
  comparable.check_equal(settings)
  comparable.check_imported(everything)
  comparable.check_unique(members)
  changed = comparable.changed_settings(settings[members[0].path])
  return Group(label, members, 'pixels', changed, skipped)


def _choose_planner(
  path: str, settings: Settings, planner: str | None
) -> Settings:
  """Returns the settings with a planner first in `train.evaluations`."""
  names = settings['train.evaluations']
  if planner is None:
    return settings
  if planner not in names:
    raise GroupError(
      f'{path!r} has no evaluations of a planner {planner!r}, only '
      f'of {", ".join(names)}; give one of these after the @ of the label.'
    )
  others = (x for x in names if x != planner)
  return {**settings, 'train.evaluations': (planner, *others)}


def _members(path: str, run: Run, settings: Settings) -> list[Member]:
  return [
    Member(
      path,
      task,
      settings['train.seed'],
      run.evaluations(task, settings['train.evaluations'][0]),
      run.sessions,
      settings['make_world_model.precision'],
      run.is_imported,
    )
    for task in run.tasks
  ]


def _read_simulations(label: str, paths: Sequence[str]) -> Group:
  records = {path: read_record(pathlib.Path(path)) for path in paths}
  members = [
    Member(
      path,
      record['task'],
      record['seed'],
      [Evaluation(0, 0, returns_of(record))],
      record['sessions'],
    )
    for path, record in records.items()
    if record['results']
  ]
  if not members:
    raise GroupError(f'{", ".join(paths)}: no episode yet; wait for one.')
  settings = {path: _simulator_settings(x) for path, x in records.items()}
  comparable.check_equal(settings)
  comparable.check_unique(members)
  changed = comparable.changed_settings(settings[paths[0]])
  return Group(label, members, 'simulator state', changed, [])


def _simulator_settings(record: Mapping[str, Any]) -> Settings:
  planner = {f'make_planner.{k}': x for k, x in record['planner'].items()}
  return planner | record['envs']
