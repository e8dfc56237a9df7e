"""Episode files, chunk sampling and image preprocessing.

Names load on first use, so that writers and readers of episodes (environment
workers among them) do not import TensorFlow. The functions `preprocess` and
`postprocess` come from their module `planet_tf.data.preprocess`, since the
package cannot use that name twice.
"""

import importlib
from typing import Any

_MODULES = {
  'EpisodeError': 'episodes',
  'list_episodes': 'episodes',
  'read_episode': 'episodes',
  'read_spec': 'episodes',
  'write_episode': 'episodes',
  'LOADERS': 'loaders',
  'SamplerError': 'loaders',
  'ChunkSampler': 'sampler',
  'as_dataset': 'dataset',
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
  """Imports the module behind a public name."""
  if name not in _MODULES:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  module = importlib.import_module(f'{__name__}.{_MODULES[name]}')
  return getattr(module, name)
