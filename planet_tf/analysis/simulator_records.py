"""Reads the files of tools.true_simulator: settings and episodes."""

import json
import math
import pathlib
from typing import Any

from planet_tf.errors import UserError

Record = dict[str, Any]

# Keys that all episodes of a file have in common.
SETTINGS = ('task', 'seed', 'planner', 'envs')
# Settings of the environments that affect returns. The others affect images,
# which the planner does not use.
ENV_SETTINGS = ('make_envs.action_repeat', 'make_envs.duration')


class RecordError(UserError):
  """A file that is not a record of tools.true_simulator."""


def read_record(path: pathlib.Path) -> Record:
  """Reads a file of tools.true_simulator.

  Returns:
    A dict with the keys of `SETTINGS`, `sessions` and `results`, a list with
    the `return` of each episode.

  Raises:
    RecordError: If the file is something else.
  """
  try:
    record = json.loads(path.read_text())
    for name in (*SETTINGS, 'sessions'):
      record[name]
    # Older files lack this key and have more settings of the environments.
    record['planner'].setdefault('refit_clipped', True)
    record['envs'] = {name: record['envs'][name] for name in ENV_SETTINGS}
    returns_of(record)
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise RecordError(
      f'{str(path)!r} is not a file of tools.true_simulator; choose another '
      'one, or move it to another folder.'
    ) from error
  return record


def returns_of(record: Record) -> list[float]:
  """Returns the return of each episode.

  Raises:
    ValueError: If one is not a finite number.
  """
  returns = [float(result['return']) for result in record['results']]
  if not all(map(math.isfinite, returns)):
    raise ValueError(returns)
  return returns


def find_difference(found: Record, wanted: Record) -> str:
  """Returns the first setting in which two records differ, or ''."""
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
