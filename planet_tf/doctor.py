"""Checks the installation and says how to fix it.

    python -m planet_tf.doctor              everything
    python -m planet_tf.doctor --quiet      only failed checks
    python -m planet_tf.doctor --rendering  only whether MuJoCo renders

Exit code 0 if all checks pass, otherwise 1.
"""

import argparse
import sys
from collections.abc import Sequence

from planet_tf import diagnostics


def main(arguments: Sequence[str] | None = None) -> int:
  """Prints the findings; returns 0 if all checks pass, otherwise 1."""
  parser = argparse.ArgumentParser(
    prog='python -m planet_tf.doctor', description=__doc__.splitlines()[0]
  )
  parser.add_argument(
    '--quiet', action='store_true', help='print only failed checks'
  )
  parser.add_argument(
    '--rendering', action='store_true', help='check only whether MuJoCo renders'
  )
  options = parser.parse_args(arguments)
  if options.rendering:
    findings = [diagnostics.check_rendering()]
  else:
    findings = diagnostics.check_all()
  failed = [finding for finding in findings if finding.fix]
  for finding in failed if options.quiet else findings:
    print(finding)
  return 1 if failed else 0


if __name__ == '__main__':
  sys.exit(main())
