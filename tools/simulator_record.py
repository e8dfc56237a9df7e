"""Files that tools.true_simulator writes: settings and episodes."""

import json
import math
import pathlib
import re
from collections.abc import Sequence
from typing import Any

from planet_tf.cli import UsageError
from planet_tf.config import gin_files
from planet_tf.config.factories import make_planner
from planet_tf.true_simulator.policy import ONE_ENVIRONMENT

Record = dict[str, Any]

# What all episodes of a file have in common.
SETTINGS = ('task', 'seed', 'planner', 'envs')

# Settings that have an effect, and those of the environments that bear on
# scores: the others are of pictures, at which the planner does not look.
_EFFECTIVE = r'make_planner\.|make_envs\.(?!workers$|groups$)'
_ENVS = ('make_envs.action_repeat', 'make_envs.duration')


def parse_settings(
  task: str, seed: int, files: Sequence[str], params: Sequence[str]
) -> Record:
  """Replaces the current configuration; returns what it says of episodes.

  Args:
    task: Name of the task.
    seed: Seed of the episodes.
    files: Names of gin files.
    params: Bindings that win over them.

  Returns:
    `SETTINGS`, JSON values.

  Raises:
    UsageError: A binding has no effect on them.
  """
  for param in params:
    name = re.match(r'\s*([\w./]*\.\w+)\s*=', param)
    if name and not re.match(_EFFECTIVE, name[1]):
      raise UsageError(
        f'--gin_param={param} has no effect on episodes with the true '
        'simulator; give settings of make_planner or make_envs (one '
        'environment acts at a time), and the seed and the task by --seed and '
        '--task.'
      )
  gin_files.parse(files, [*params, *ONE_ENVIRONMENT])
  bindings = gin_files.bindings()
  for name in bindings:
    if '/make_planner.' in name:
      raise UsageError(
        f'{name} in --gin_file is about one of several planners, and the true '
        'simulator has one; give its settings without a name in front, or '
        'compare many by python -m tools.planner_grid.'
      )
  envs = {name: bindings[name] for name in _ENVS}
  planner = make_planner().keywords
  values = (task, seed, planner, envs)
  return json.loads(json.dumps(dict(zip(SETTINGS, values, strict=True))))


def find_difference(found: Record, wanted: Record) -> str:
  """Says in which setting episodes differ; an empty text if in none."""
  found, wanted = _flat(found), _flat(wanted)
  for name in found | wanted:
    there, now = (json.dumps(x.get(name)) for x in (found, wanted))
    if there != now:
      return f'{name} is {there} there and {now} now'
  return ''


def _flat(record: Record) -> Record:
  planner = {f'make_planner.{k}': x for k, x in record['planner'].items()}
  return {
    'task': record['task'],
    'seed': record['seed'],
    **planner,
    **record['envs'],
  }


def read_record(path: pathlib.Path) -> Record:
  """Reads a file.

  Returns:
    `SETTINGS`, `sessions` and `results`, each with its `return`.

  Raises:
    UsageError: It is another one.
  """
  try:
    record = json.loads(path.read_text())
    for name in (*SETTINGS, 'sessions'):
      record[name]
    # Files of before know only this.
    record['planner'].setdefault('refit_clipped', True)
    # And more than bears on the episodes.
    record['envs'] = {name: record['envs'][name] for name in _ENVS}
    returns_of(record)
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise UsageError(
      f'{str(path)!r} is no file of tools.true_simulator; name another one, or '
      'move it away.'
    ) from error
  return record


def returns_of(record: Record) -> list[float]:
  """Return of each episode.

  Raises:
    ValueError: One is not a number.
  """
  returns = [float(result['return']) for result in record['results']]
  if not all(map(math.isfinite, returns)):
    raise ValueError(returns)
  return returns
