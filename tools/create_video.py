"""Makes a video of an episode, or of an image that is a strip of frames.

Examples:

    python -m tools.create_video --input=runs/x/test_episodes/EPISODE.npz \\
        --output=episode.mp4
    python -m tools.create_video --input=strip.png --output=strip.gif

In a strip, as TensorBoard shows them, time goes from left to right; the rows
become columns of the video. Episodes of the original code work, too. Source:
original: scripts/create_video.py.
"""

import pathlib

from absl import flags

from planet_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string('input', None, 'Episode (.npz) or image of a strip.')
flags.DEFINE_string('output', None, 'GIF or MP4 file to write.')
flags.DEFINE_integer(
  'tile_width', 64, 'Width of a frame of a strip in pixels.', lower_bound=1
)
flags.DEFINE_integer(
  'tile_height', 64, 'Height of a row of a strip in pixels.', lower_bound=1
)
flags.DEFINE_float('rate', 10.0, 'Frames per second.', lower_bound=0.1)
flags.DEFINE_integer(
  'scale', 4, 'Size of a pixel of the input in pixels of the video.', 1
)


def main() -> int:
  """Reads the frames and writes the video."""
  import numpy as np
  from PIL import Image

  from planet_tf.data import read_episode
  from planet_tf.errors import file_errors, one_line
  from planet_tf.logs.video import SUFFIXES, enlarge, unpack_strip, write_video

  cli.require_writable(FLAGS.output)
  cli.require_suffix('output', SUFFIXES)
  path = pathlib.Path(FLAGS.input).expanduser()
  if path.suffix == '.npz':
    frames = read_episode(path, ['image'])['image']
  else:
    try:
      with Image.open(path) as image:
        strip = np.asarray(image.convert('RGB'))
    except OSError as error:  # Includes PIL.UnidentifiedImageError.
      raise cli.UsageError(
        f'--input={FLAGS.input} is neither an episode nor an image '
        f'({one_line(error)}).'
      ) from error
    try:
      frames = unpack_strip(strip, FLAGS.tile_width, FLAGS.tile_height)
    except ValueError as error:
      raise cli.UsageError(
        f'{error}; set --tile_width and --tile_height.'
      ) from error
  frames = enlarge(frames, FLAGS.scale)
  with file_errors('write', FLAGS.output):
    write_video(pathlib.Path(FLAGS.output), frames, FLAGS.rate)
  print(f'Wrote {FLAGS.output}: {len(frames)} frames.')
  return 0


if __name__ == '__main__':
  cli.run(main, 'input', 'output')
