"""Moving pictures: GIF and MP4."""

import fractions
import io
import pathlib

import numpy as np
from PIL import Image

SUFFIXES = ('.gif', '.mp4')

_PIXELS_FOR_COLOURS = 128 * 128


def enlarge(images: np.ndarray, scale: int = 4) -> np.ndarray:
  """Enlarges images uint8 [T, height, width, 3] without smoothing."""
  return images.repeat(scale, 1).repeat(scale, 2)


def unpack_strip(image: np.ndarray, width: int, height: int) -> np.ndarray:
  """Cuts a strip, as `pictures.strip` makes them, into frames.

  Args:
    image: Rows of tiles, uint8 [rows * height, T * width, 3].
    width: Width of a tile.
    height: Height of a tile.

  Returns:
    Frames, uint8 [T, height, rows * width, 3]: the rows side by side.

  Raises:
    ValueError: The picture does not consist of such tiles.
  """
  if image.shape[0] % height or image.shape[1] % width:
    raise ValueError(
      f'A picture of {image.shape[1]} x {image.shape[0]} pixels does not '
      f'consist of tiles of {width} x {height}'
    )
  tiles = image.reshape(-1, height, image.shape[1] // width, width, 3)
  frames = tiles.transpose(2, 1, 0, 3, 4)
  return frames.reshape(frames.shape[0], height, -1, 3)


def encode_gif(frames: np.ndarray, rate: float) -> bytes:
  """Encodes frames, uint8 [T, height, width, 3], at `rate` per second."""
  buffer = io.BytesIO()
  images = [_reduce_colours(frame) for frame in frames]
  images[0].save(
    buffer,
    format='GIF',
    save_all=True,
    append_images=images[1:],
    duration=round(1000 / rate),
    loop=0,
  )
  return buffer.getvalue()


def _reduce_colours(frame: np.ndarray) -> Image.Image:
  """A frame in the 256 colours that suit it best.

  They are chosen by part of the pixels: by all of them it takes up to five
  times as long and looks the same.
  """
  height, width, _ = frame.shape
  stride = max(1, round((height * width / _PIXELS_FOR_COLOURS) ** 0.5))
  colours = Image.fromarray(frame[::stride, ::stride]).quantize()
  dither = Image.Dither.NONE
  return Image.fromarray(frame).quantize(palette=colours, dither=dither)


def write_video(path: pathlib.Path, frames: np.ndarray, rate: float) -> None:
  """Writes frames as a GIF, or as an MP4 with H.264.

  Args:
    path: File that ends in one of SUFFIXES.
    frames: uint8 [T, height, width, 3]; an MP4 repeats the last row or column
      of odd sizes.
    rate: Frames per second.

  Raises:
    ValueError: Another suffix.
  """
  if path.suffix not in SUFFIXES:
    raise ValueError(f'{path} must end in {" or ".join(SUFFIXES)}.')
  if path.suffix == '.gif':
    path.write_bytes(encode_gif(frames, rate))
    return
  import av  # Here, as it takes long to load and few need it.

  height, width = frames.shape[1:3]
  odd = ((0, 0), (0, height % 2), (0, width % 2), (0, 0))
  frames = np.pad(frames, odd, 'edge')
  rate = fractions.Fraction(rate).limit_denominator(1000)
  with av.open(str(path), 'w') as file:
    stream = file.add_stream('libx264', rate=rate)
    stream.height, stream.width = frames.shape[1:3]
    stream.pix_fmt = 'yuv420p'  # What every player shows.
    stream.options = {'crf': '18'}
    for frame in frames:
      picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame))
      file.mux(stream.encode(picture))
    file.mux(stream.encode())
