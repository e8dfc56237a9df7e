"""Progress bars for terminals and for log files."""

import sys
from typing import Any

from tqdm import tqdm


def progress_bar(**options: Any) -> tqdm:
  """Returns a tqdm progress bar.

  If stderr is not a terminal, the bar prints one line per minute.

  Args:
    **options: Arguments of tqdm, for example `total`, `unit` and `desc`.
  """
  is_terminal = sys.stderr.isatty()
  return tqdm(
    mininterval=0.5 if is_terminal else 60.0,
    maxinterval=10.0 if is_terminal else 600.0,
    **options,
  )
