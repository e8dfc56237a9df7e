"""Makes a video of an episode, or of a strip of pictures.

Examples:

    python -m tools.create_video --input=runs/x/test_episodes/EPISODE.npz \\
        --output=episode.mp4
    python -m tools.create_video --input=strip.png --output=strip.gif

A strip has time from left to right; its rows end up side by side, as in those
that TensorBoard shows. Episodes may be the original's, too. Source: original:
scripts/create_video.py.
"""

import pathlib

import numpy as np
from absl import flags
from PIL import Image

from planet_tf import cli
from planet_tf.data.episodes import read_episode
from planet_tf.logs.video import SUFFIXES, enlarge, unpack_strip, write_video

FLAGS = flags.FLAGS

flags.DEFINE_string('input', None, 'Episode (.npz) or picture of a strip.')
flags.DEFINE_string('output', None, 'GIF or MP4 file to write.')
flags.DEFINE_integer(
  'tile_width', 64, 'Width of a frame in a strip.', lower_bound=1
)
flags.DEFINE_integer(
  'tile_height', 64, 'Height of a row of a strip.', lower_bound=1
)
flags.DEFINE_float('rate', 10.0, 'Frames per second.', lower_bound=0.1)
flags.DEFINE_integer('scale', 4, 'Factor of enlargement.', lower_bound=1)


def main() -> int:
  """Reads the frames and writes the video."""
  cli.require_writable(FLAGS.output)
  cli.require_suffix('output', SUFFIXES)
  path = pathlib.Path(FLAGS.input).expanduser()
  if path.suffix == '.npz':
    frames = read_episode(path, ['image'])['image']
  else:
    try:
      frames = unpack_strip(_read(path), FLAGS.tile_width, FLAGS.tile_height)
    except ValueError as error:
      raise cli.UsageError(
        f'{error}; see --tile_width and --tile_height.'
      ) from error
  frames = enlarge(frames, FLAGS.scale)
  write_video(pathlib.Path(FLAGS.output), frames, FLAGS.rate)
  print(f'Wrote {FLAGS.output}: {len(frames)} frames.')
  return 0


def _read(path: pathlib.Path) -> np.ndarray:
  try:
    with Image.open(path) as image:
      return np.asarray(image.convert('RGB'))
  except OSError as error:  # PIL's own are of this type, too.
    raise cli.UsageError(
      f'--input={FLAGS.input} is neither an episode nor a picture ({error}).'
    ) from error


if __name__ == '__main__':
  cli.run(main, 'input', 'output')
