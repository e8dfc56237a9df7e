"""Lists the packages; all other metadata is in pyproject.toml.

pyproject.toml can either search for packages or map a package to another
folder, not both. The configuration files are in gin_configs/ in the checkout
and in planet_tf/gin_configs/ when installed.
"""

import setuptools

setuptools.setup(
  packages=[
    *setuptools.find_packages(include=['planet_tf', 'planet_tf.*']),
    'planet_tf.gin_configs',
  ],
  package_dir={'planet_tf.gin_configs': 'gin_configs'},
  package_data={
    'planet_tf': ['py.typed', '**/*.json', '**/*.html', '**/*.j2', '**/*.css'],
    'planet_tf.gin_configs': ['**/*.gin'],
  },
  include_package_data=False,
)
