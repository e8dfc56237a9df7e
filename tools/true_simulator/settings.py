"""Settings of episodes with the true simulator."""

import dataclasses
import json
import re
from collections.abc import Sequence

from planet_tf.analysis.simulator_records import ENV_SETTINGS, SETTINGS, Record
from planet_tf.cli import UsageError
from planet_tf.config import gin_files
from planet_tf.config.factories import make_planner
from planet_tf.true_simulator.policy import ONE_ENVIRONMENT

# Bindings that have an effect. One environment acts at a time.
_EFFECTIVE = r'make_planner\.|make_envs\.(?!workers$|groups$)'


def parse_settings(
  task: str, seed: int, files: Sequence[str], params: Sequence[str]
) -> Record:
  """Replaces the current configuration and returns the settings of episodes.

  Args:
    task: Name of the task.
    seed: Seed of the episodes.
    files: Names of gin files.
    params: Bindings that win over them.

  Returns:
    Values of `SETTINGS`, as JSON stores them.

  Raises:
    UsageError: If a binding has no effect on the episodes.
  """
  for param in params:
    found = re.match(r'\s*([\w./]*\.\w+)\s*=', param)
    if found and not re.match(_EFFECTIVE, found[1]):
      raise UsageError(
        f'--gin_param={param} has no effect on episodes with the true '
        'simulator; give settings of make_planner or make_envs (one '
        'environment acts at a time), and seed and task as --seed and --task.'
      )
  gin_files.parse(files, [*params, *ONE_ENVIRONMENT])
  bindings = gin_files.bindings()
  for name in bindings:
    if '/make_planner.' in name:
      raise UsageError(
        f'{name} in --gin_file configures one of several planners, and the '
        'true simulator has one; give its settings without the scope, or '
        'compare several with python -m tools.planner_grid.'
      )
  envs = {name: bindings[name] for name in ENV_SETTINGS}
  planner = dataclasses.asdict(make_planner())
  values = (task, seed, planner, envs)
  return json.loads(json.dumps(dict(zip(SETTINGS, values, strict=True))))
