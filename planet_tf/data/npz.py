"""Reading of npz files that may be damaged, foreign or large.

`np.load` decodes a whole array to tell its shape, does not compare checksums,
and fails on damaged files with a dozen kinds of errors. Here headers are read
by themselves, checksums are compared, and there is one kind of error.
"""

import contextlib
import errno
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

Spec = dict[str, tuple[tuple[int, ...], np.dtype]]

_HEADERS = {
  (1, 0): np.lib.format.read_array_header_1_0,
  (2, 0): np.lib.format.read_array_header_2_0,
}

# What damaged files make zipfile, zlib and numpy raise.
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
  """The file is no intact npz file."""


def read_headers(path: pathlib.Path) -> Spec:
  """Reads key to (shape, dtype) of all arrays, without decoding any.

  Raises:
    NpzError: The file is damaged or of another kind.
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
  """Decodes arrays.

  Raises:
    NpzError: The file is damaged or of another kind, or lacks a key.
    OSError: The file is missing or cannot be read.
  """
  arrays = {}
  with _archive(path) as archive:
    for key in keys:
      with archive.open(f'{key}.npy') as file:
        arrays[key] = np.lib.format.read_array(file, allow_pickle=False)
        # Only at the end of the data is their checksum compared.
        if file.read(1):
          raise ValueError(f'{key} goes on after its end')
  return arrays


@contextlib.contextmanager
def _archive(path: pathlib.Path) -> Iterator[zipfile.ZipFile]:
  try:
    with zipfile.ZipFile(path) as archive:
      yield archive
  except (*_DAMAGE, OSError) as error:
    # A damaged offset makes zipfile seek to where no file can reach.
    if isinstance(error, OSError) and error.errno != errno.EINVAL:
      raise
    reason = ' '.join(str(error).split())
    raise NpzError(reason or type(error).__name__) from error
