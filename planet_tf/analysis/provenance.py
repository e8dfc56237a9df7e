"""Describes on which machines and with which versions results were computed."""

from collections.abc import Iterable, Mapping
from typing import Any

_UNKNOWN = 'unknown'


def describe_sessions(sessions: Iterable[Mapping[str, Any]]) -> str:
  """Returns commits, hardware and versions of some sessions on one line.

  Args:
    sessions: Results of `planet_tf.runs.provenance.describe_process`, from
      versions.json. Older ones lack some keys.

  Returns:
    The line, which names each value once.
  """
  machines: dict[str, None] = {}  # A dict keeps the order.
  found: dict[str, dict[str, None]] = {
    'commit': {},
    'tensorflow': {},
    'mujoco': {},
  }
  for session in sessions:
    processor, cores, gpus = (
      session.get(name, _UNKNOWN) for name in ('processor', 'cores', 'gpus')
    )
    machines[f'{processor}, {cores} cores, {gpus} GPUs'] = None
    for name, values in found.items():
      # The commit of an installed package is None.
      values[session.get(name) or _UNKNOWN] = None
  commits, tensorflow, mujoco = (
    ', '.join(x) or _UNKNOWN for x in found.values()
  )
  return (
    f'commit {commits}; {"; ".join(machines)}; TensorFlow {tensorflow}, '
    f'MuJoCo {mujoco}'
  )
