"""Episodes on disk, chunks, batches and preprocessing.

In reading order: `episodes` (one file per episode, read through `npz`, named
by `names`), `folder` (the files of a folder, checked), `loaders` (which
episode is drawn next), `chunks` (where it is cut), `sampler` (batches, through
`cache`), `dataset` (the sampler as a tf.data.Dataset) and `preprocess` (bytes
to model inputs).

Only `dataset` and `preprocess` use TensorFlow. They load on first use, because
programs that only read and write episodes must start without it.
"""

from typing import TYPE_CHECKING, Any

from planet_tf.data.episodes import (
  EpisodeError,
  list_episodes,
  read_episode,
  read_spec,
  write_episode,
)
from planet_tf.data.loaders import LOADERS, SamplerError
from planet_tf.data.sampler import ChunkSampler

if TYPE_CHECKING:
  from planet_tf.data.dataset import as_dataset

__all__ = [
  'LOADERS',
  'ChunkSampler',
  'EpisodeError',
  'SamplerError',
  'as_dataset',
  'list_episodes',
  'read_episode',
  'read_spec',
  'write_episode',
]


def __getattr__(name: str) -> Any:
  """Imports `as_dataset`, and TensorFlow with it, on first use."""
  if name != 'as_dataset':
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  from planet_tf.data.dataset import as_dataset

  return as_dataset
