"""Progress bars that suit terminals and logs."""

import sys

from tqdm import tqdm


def progress_bar(**options: object) -> tqdm:
  """A bar of tqdm; where nobody watches it move, a line a minute.

  Args:
    **options: Such as `total`, `unit` and `desc`.
  """
  watched = sys.stderr.isatty()
  return tqdm(
    mininterval=0.5 if watched else 60.0,
    maxinterval=10.0 if watched else 600.0,
    **options,
  )
