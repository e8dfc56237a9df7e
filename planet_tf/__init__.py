"""PlaNet in TensorFlow 2: learn latent dynamics from pixels, plan in them.

`import planet_tf` alone imports neither TensorFlow nor MuJoCo: environments
run in worker processes that must stay free of TensorFlow. The names below are
loaded on first use.
"""

import importlib

__version__ = '0.2.0'

# Modules and attributes of the public names. `make_env` starts a worker
# process, because software OpenGL and TensorFlow crash when they share one.
_LAZY = {
  'PlanetAgent': ('planet_tf.agent', 'PlanetAgent'),
  'WorldModel': ('planet_tf.world_model', 'WorldModel'),
  'load_config': ('planet_tf.config.gin_files', 'parse'),
  'load_agent': ('planet_tf.runs.loading', 'load_agent'),
  'make_env': ('planet_tf.envs', 'IsolatedEnvironment'),
  'make_world_model': (
    'planet_tf.config.model_factories',
    'make_world_model',
  ),
  'register_task': ('planet_tf.envs', 'register_task'),
}

__all__ = ['__version__', *_LAZY]


def __getattr__(name: str) -> object:
  if name in _LAZY:
    module, attribute = _LAZY[name]
    return getattr(importlib.import_module(module), attribute)
  raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
  return sorted(__all__)
