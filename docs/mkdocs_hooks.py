"""Gives the site the folders of the checkout, so that relative links work."""

import pathlib

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = pathlib.Path(__file__).parents[1]
PATTERNS = (
  '*.md',
  'CITATION.cff',
  'docs/*.md',
  'docs/screenshots/*',
  'examples/*.md',
  'examples/*.py',
  'results/**/*.*',
  'tests/golden/README.md',
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
  """Replaces the files of docs/ by those of the whole checkout."""
  theme = [file for file in files if file.src_dir != config.docs_dir]
  paths = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))
  return Files(
    theme
    + [
      File.generated(
        config, str(path.relative_to(ROOT)), abs_src_path=str(path)
      )
      for path in paths
    ]
  )
