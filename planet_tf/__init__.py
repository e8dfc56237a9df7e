"""PlaNet in TensorFlow 2: learn latent dynamics from pixels, plan in them.

`import planet_tf` alone imports neither TensorFlow nor MuJoCo: environments
run in worker processes that must stay free of TensorFlow. The names below are
loaded on first use.
"""

import importlib

__version__ = '0.1.0'

_LAZY = {
  'PlanetAgent': 'planet_tf.agent',
  'WorldModel': 'planet_tf.world_model',
  'load_agent': 'planet_tf.training.run_directory',
  'make_task': 'planet_tf.envs',
  'make_world_model': 'planet_tf.training.factories',
  'register_task': 'planet_tf.envs',
}

__all__ = ['__version__', *_LAZY]


def __getattr__(name: str) -> object:
  if name in _LAZY:
    return getattr(importlib.import_module(_LAZY[name]), name)
  raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
  return sorted(__all__)
