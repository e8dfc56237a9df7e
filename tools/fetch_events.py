"""Copies values out of TensorBoard events: scalars to CSV, pictures to files.

Examples:

    python -m tools.fetch_events --logdirs='runs/*' --tags='return*' \\
        --output=fetched
    python -m tools.fetch_events --logdirs=runs/cheetah --output=fetched \\
        --tags='open_loop*/animation'

Reads our runs and those of the original, whose tags look like
`trainer*score`. Source: original: scripts/fetch_events.py.
"""

import collections
import csv
import fnmatch
import glob
import pathlib
import re

from absl import flags

from planet_tf import cli
from planet_tf.logs.progress import progress_bar

cli.start_tensorflow()

from tools.events import Value, event_folders, read_events

FLAGS = flags.FLAGS

flags.DEFINE_string('logdirs', None, 'Glob of log directories.')
flags.DEFINE_string('tags', '*', 'Glob of tags.')
flags.DEFINE_string('output', None, 'Folder to write to; made if need be.')


def main() -> int:
  """Reads all runs and writes one file for each of their tags."""
  cli.require_writable_folder(FLAGS.output)
  pattern = str(pathlib.Path(FLAGS.logdirs).expanduser())
  logdirs = [pathlib.Path(x) for x in sorted(glob.glob(pattern))]
  folders = [x for logdir in logdirs for x in event_folders(logdir)]
  if not folders:
    raise cli.UsageError(
      f'--logdirs={FLAGS.logdirs} matches no folder with TensorBoard events.'
    )
  count = 0
  for folder in progress_bar(iterable=folders, unit='run'):
    values = collections.defaultdict(list)
    for value in read_events(folder):
      if fnmatch.fnmatch(value.tag, FLAGS.tags):
        values[value.tag].append(value)
    for tag, found in values.items():
      target = pathlib.Path(FLAGS.output).expanduser() / _clean(str(folder))
      count += _write(target / _clean(tag), found)
  if not count:
    raise cli.UsageError(
      f'--tags={FLAGS.tags} matches nothing in {len(folders)} folders.'
    )
  print(f'Wrote {count} files to {FLAGS.output}.')
  return 0


def _clean(text: str) -> str:
  return re.sub(r'[^\w.-]+', '_', text).strip('_')


def _write(path: pathlib.Path, values: list[Value]) -> int:
  """Writes the values of one tag; returns the number of files."""
  path.parent.mkdir(parents=True, exist_ok=True)
  if isinstance(values[0].content, bytes):
    for value in values:
      suffix = 'gif' if value.content.startswith(b'GIF') else 'png'
      name = f'{path.name}-{value.step:09d}.{suffix}'
      path.with_name(name).write_bytes(value.content)
    return len(values)
  with path.with_name(path.name + '.csv').open('w', newline='') as file:
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow(('wall_time', 'step', 'value'))
    writer.writerows((x.wall_time, x.step, x.content) for x in values)
  return 1


if __name__ == '__main__':
  cli.run(main, 'logdirs', 'output')
