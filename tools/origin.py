"""What results were computed with, in a line."""

from collections.abc import Iterable, Mapping
from typing import Any


def describe_origin(sessions: Iterable[Mapping[str, Any]]) -> str:
  """Commits, hardware and versions of some sessions.

  Args:
    sessions: What `describe_session` has returned, here or elsewhere.

  Returns:
    A line, in which each value stands once.
  """
  machines, found = {}, {'commit': {}, 'tensorflow': {}, 'mujoco': {}}
  for session in sessions:
    # Sessions of before do not tell all.
    processor, cores, gpus = (
      session.get(name, 'unknown') for name in ('processor', 'cores', 'gpus')
    )
    machine = f'{processor}, {cores} cores, {gpus} GPUs'
    machines[machine] = None
    for name, values in found.items():
      # An installed package has no commit.
      values[session.get(name) or 'unknown'] = None
  commits, tensorflow, mujoco = (
    ', '.join(x) or 'unknown' for x in found.values()
  )
  return (
    f'commit {commits}; {"; ".join(machines)}; TensorFlow {tensorflow}, '
    f'MuJoCo {mujoco}'
  )
