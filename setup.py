"""Packaging of planet_tf: what it needs and which files it ships."""

import pathlib
import re

import setuptools

ROOT = pathlib.Path(__file__).parent

# Each TensorFlow release has its own tf-keras (which TensorFlow Probability
# imports) and tensorboard (which tf.summary imports): the three move together.
REQUIRES = [
  'absl-py>=2.1',
  'av>=14',
  'cloudpickle>=3',
  'dm-env>=1.6',
  'gin-config>=0.5,<0.6',
  'keras>=3.12,<4',
  'matplotlib>=3.9',
  'mujoco>=3.17.0,<4',
  'numpy>=2.1,<2.5',
  'pillow>=10',
  'tensorboard>=2.21,<2.22',
  'tensorflow>=2.21,<2.22',
  'tensorflow-probability>=0.25,<0.26',
  'tf-keras>=2.21,<2.22',
  'tqdm>=4.60',
]

# dm_control requires labmaze, which has no wheel for Python 3.13 and which the
# control suite never imports. There dm_control itself is installed by hand,
# without its requirements; those that the suite does import are named here.
DM_CONTROL = ['dm_control>=1.0.50,<1.1; python_version < "3.13"'] + [
  f'{name}; python_version >= "3.13"'
  for name in (
    'dm-tree',
    'glfw',
    'lxml',
    'protobuf',
    'pyopengl>=3.1.4',
    'pyparsing>=3.0',
    'requests',
    'scipy',
  )
]

JAX = ['jax>=0.10,<0.11']
GYMNASIUM = ['gymnasium>=1.2', 'imageio>=2.14']
RAY = ['ray>=2.50']
LITERT = ['ai-edge-litert>=2.1']
TEST = ['pytest>=8', 'pytest-timeout>=2.3', 'pytest-xdist>=3.6']
LINT = ['import-linter>=2.1', 'ruff>=0.9']


def version() -> str:
  """Reads `__version__` without importing the package."""
  source = (ROOT / 'planet_tf' / '__init__.py').read_text()
  return re.search(r"^__version__ = '(.+)'$", source, re.M).group(1)


def description() -> str:
  """The README; empty while there is none."""
  readme = ROOT / 'README.md'
  return readme.read_text() if readme.exists() else ''


setuptools.setup(
  name='planet_tf',
  version=version(),
  description='PlaNet in TensorFlow 2: latent planning from pixels.',
  long_description=description(),
  long_description_content_type='text/markdown',
  license='Apache-2.0',
  license_files=['LICENSE'],
  python_requires='>=3.11,<3.14',
  packages=[
    *setuptools.find_packages(include=['planet_tf', 'planet_tf.*']),
    'planet_tf.gin_configs',
  ],
  # The configuration files live at the top of the checkout, where people look
  # for them, and inside the package once installed.
  package_dir={'planet_tf.gin_configs': 'gin_configs'},
  package_data={'planet_tf.gin_configs': ['**/*.gin']},
  install_requires=REQUIRES + DM_CONTROL,
  extras_require={
    'gymnasium': GYMNASIUM,
    'jax': JAX,
    'litert': LITERT,
    'ray': RAY,
    'test': TEST,
    'lint': LINT,
    'dev': TEST + LINT + GYMNASIUM + JAX + LITERT + RAY,
    'gpu': ['tensorflow[and-cuda]>=2.21,<2.22'],
  },
)
