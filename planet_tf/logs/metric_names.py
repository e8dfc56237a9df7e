"""Names of metrics in runs with several tasks, collections or planners."""

from collections.abc import Collection


def metric_suffix(*parts: tuple[str, Collection[str]]) -> str:
  """Returns the suffix of a metric's name.

  Args:
    *parts: Pairs of a name and all names of that kind, for example a task and
      all tasks of the run.

  Returns:
    `/` and the name for each kind that has several names.
  """
  return ''.join(f'/{name}' for name, names in parts if name and len(names) > 1)
