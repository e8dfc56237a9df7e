"""Copies values from TensorBoard events: scalars to CSV, images to files.

Examples:

    python -m tools.fetch_events --logdirs='runs/*' --tags='return*' \\
        --output=fetched
    python -m tools.fetch_events --logdirs=runs/cheetah --output=fetched \\
        --tags='open_loop*/animation'

Reads our runs and those of the original code, whose tags look like
`trainer*score`. Source: original: scripts/fetch_events.py.
"""

import glob
import pathlib

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string(
  'logdirs', None, 'Glob of folders that contain event files at any depth.'
)
flags.DEFINE_string('tags', '*', 'Glob of tags.')
flags.DEFINE_string('output', None, 'Folder to write to; created if necessary.')


def main() -> int:
  """Reads all event files and writes one file for each tag or image."""
  from planet_tf import analysis
  from planet_tf.errors import file_errors
  from planet_tf.logs.progress import progress_bar

  cli.require_writable_folder(FLAGS.output)
  output = pathlib.Path(FLAGS.output).expanduser()
  pattern = str(pathlib.Path(FLAGS.logdirs).expanduser())
  logdirs = [pathlib.Path(x) for x in sorted(glob.glob(pattern))]
  folders = [x for logdir in logdirs for x in analysis.event_folders(logdir)]
  if not folders:
    raise cli.UsageError(
      f'--logdirs={FLAGS.logdirs} matches no folder with TensorBoard events; '
      'give run directories.'
    )
  count = 0
  with file_errors('write', output):
    for folder in progress_bar(iterable=folders, unit='run'):
      count += analysis.export_events(folder, output, FLAGS.tags)
  if not count:
    raise cli.UsageError(
      f'--tags={FLAGS.tags} matches nothing in {len(folders)} folders; '
      'TensorBoard shows the tags.'
    )
  print(f'Wrote {count} files to {FLAGS.output}.')
  return 0


if __name__ == '__main__':
  cli.run(main, 'logdirs', 'output')
