"""Reader of npz files that may be damaged, of another format, or large.

It replaces `np.load` for three reasons. `np.load` decodes a whole array to
report its shape, does not verify checksums, and fails on damaged files with a
dozen types of exceptions. This reader reads headers alone, verifies checksums,
and raises one type of exception.
"""

import contextlib
import errno
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from planet_tf.errors import one_line

Spec = dict[str, tuple[tuple[int, ...], np.dtype]]

_HEADERS = {
  (1, 0): np.lib.format.read_array_header_1_0,
  (2, 0): np.lib.format.read_array_header_2_0,
}

# Exceptions that zipfile, zlib and NumPy raise for damaged files.
_DAMAGE = (
  zipfile.BadZipFile,
  zlib.error,
  struct.error,
  EOFError,
  LookupError,
  MemoryError,
  OverflowError,
  RuntimeError,
  ValueError,
)


class NpzError(ValueError):
  """The file is damaged or not an npz file."""


def read_headers(path: pathlib.Path) -> Spec:
  """Returns key to (shape, dtype) of all arrays without decoding them.

  Raises:
    NpzError: The file is damaged or not an npz file.
    OSError: The file is missing or cannot be read.
  """
  spec = {}
  with _archive(path) as archive:
    for name in archive.namelist():
      with archive.open(name) as file:
        shape, _, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
      spec[name.removesuffix('.npy')] = (shape, dtype)
  return spec


def read_arrays(
  path: pathlib.Path, keys: Iterable[str]
) -> dict[str, np.ndarray]:
  """Decodes arrays and verifies their checksums.

  Raises:
    NpzError: The file is damaged, not an npz file, or lacks a key.
    OSError: The file is missing or cannot be read.
  """
  arrays = {}
  with _archive(path) as archive:
    for key in keys:
      with archive.open(f'{key}.npy') as file:
        arrays[key] = np.lib.format.read_array(file, allow_pickle=False)
        # zipfile verifies the checksum when it reaches the end of the data.
        if file.read(1):
          raise ValueError(f'{key} has data after its end')
  return arrays


@contextlib.contextmanager
def _archive(path: pathlib.Path) -> Iterator[zipfile.ZipFile]:
  try:
    with zipfile.ZipFile(path) as archive:
      yield archive
  except (*_DAMAGE, OSError) as error:
    # A damaged offset makes zipfile seek to an invalid position (EINVAL).
    if isinstance(error, OSError) and error.errno != errno.EINVAL:
      raise
    raise NpzError(one_line(error) or type(error).__name__) from error
