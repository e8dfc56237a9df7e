"""Encodes videos as GIF and MP4."""

import fractions
import io
import pathlib

import numpy as np
from PIL import Image

from planet_tf.errors import file_errors

SUFFIXES = ('.gif', '.mp4')

_MAX_PALETTE_PIXELS = 128 * 128


def enlarge(images: np.ndarray, scale: int = 4) -> np.ndarray:
  """Returns enlarged images, uint8 [T, height, width, 3], without smoothing."""
  return images.repeat(scale, 1).repeat(scale, 2)


def unpack_strip(image: np.ndarray, width: int, height: int) -> np.ndarray:
  """Returns the frames of an image that `images.strip` made.

  Args:
    image: Rows of tiles, uint8 [rows * height, T * width, 3].
    width: Width of a tile.
    height: Height of a tile.

  Returns:
    Frames, uint8 [T, height, rows * width, 3], with the rows from left to
    right.

  Raises:
    ValueError: If the size of the image is not a multiple of the tile's size.
  """
  if image.shape[0] % height or image.shape[1] % width:
    raise ValueError(
      f'The image has {image.shape[1]} x {image.shape[0]} pixels, which is not '
      f'a multiple of the tile size {width} x {height}'
    )
  tiles = image.reshape(-1, height, image.shape[1] // width, width, 3)
  frames = tiles.transpose(2, 1, 0, 3, 4)
  return frames.reshape(frames.shape[0], height, -1, 3)


def encode_gif(frames: np.ndarray, rate: float) -> bytes:
  """Encodes frames as a GIF.

  Args:
    frames: uint8 [T, height, width, 3].
    rate: Frames per second.
  """
  buffer = io.BytesIO()
  images = [_reduce_colors(frame) for frame in frames]
  images[0].save(
    buffer,
    format='GIF',
    save_all=True,
    append_images=images[1:],
    duration=round(1000 / rate),
    loop=0,
  )
  return buffer.getvalue()


def _reduce_colors(frame: np.ndarray) -> Image.Image:
  """Returns a frame with an adaptive palette of 256 colors.

  The palette is computed from a subset of the pixels, which is up to five times
  faster than from all pixels and looks the same.
  """
  height, width, _ = frame.shape
  stride = max(1, round((height * width / _MAX_PALETTE_PIXELS) ** 0.5))
  palette = Image.fromarray(frame[::stride, ::stride]).quantize()
  dither = Image.Dither.NONE
  return Image.fromarray(frame).quantize(palette=palette, dither=dither)


def write_video(path: pathlib.Path, frames: np.ndarray, rate: float) -> None:
  """Writes frames as a GIF or as an MP4 with H.264.

  Args:
    path: File name that ends in one of `SUFFIXES`.
    frames: uint8 [T, height, width, 3]. In an MP4, odd sizes become even by
      repeating the last row or column.
    rate: Frames per second.

  Raises:
    ValueError: If the file name has another suffix.
  """
  if path.suffix not in SUFFIXES:
    raise ValueError(f'{path} must end in {" or ".join(SUFFIXES)}.')
  if path.suffix == '.gif':
    content = encode_gif(frames, rate)
    with file_errors('write', path):
      path.write_bytes(content)
    return
  import av  # Slow to import.

  height, width = frames.shape[1:3]
  odd = ((0, 0), (0, height % 2), (0, width % 2), (0, 0))
  frames = np.pad(frames, odd, 'edge')
  fraction = fractions.Fraction(rate).limit_denominator(1000)
  with file_errors('write', path), av.open(str(path), 'w') as file:
    stream = file.add_stream('libx264', rate=fraction)
    stream.height, stream.width = frames.shape[1:3]
    stream.pix_fmt = 'yuv420p'  # All players support it.
    stream.options = {'crf': '18'}
    for frame in frames:
      video_frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame))
      file.mux(stream.encode(video_frame))
    file.mux(stream.encode())
