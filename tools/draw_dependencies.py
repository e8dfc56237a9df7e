"""Draws which folders import which, as a Mermaid diagram.

    python -m tools.draw_dependencies           updates docs/ARCHITECTURE.md
    python -m tools.draw_dependencies --check   exits with 1 if it is outdated

An arrow is an import. Arrows that follow from longer paths are omitted, and so
are `errors`, which everything imports, and `planet_tf` itself, which imports
nothing until a name is used.
"""

import argparse
import pathlib
import sys
from collections.abc import Sequence

import grimp

PAGE = pathlib.Path(__file__).parents[1] / 'docs' / 'ARCHITECTURE.md'
START, END = '```mermaid\n', '```\n'
COMMANDS = ('console_scripts', 'doctor', 'evaluate', 'export', 'train')
OMITTED = ('errors', 'planet_tf')

Edges = set[tuple[str, str]]


def read_imports() -> Edges:
  """Returns pairs (importer, imported) of folders and top-level modules."""
  graph = grimp.build_graph('planet_tf', 'tools', cache_dir=None)
  edges = {
    (_group(module), _group(imported))
    for module in graph.modules
    for imported in graph.find_modules_directly_imported_by(module)
  }
  return {
    (importer, imported)
    for importer, imported in edges
    if importer != imported and not {importer, imported} & set(OMITTED)
  }


def _group(module: str) -> str:
  """Returns the folder or top-level module that a module belongs to."""
  package, *names = module.split('.')
  if package == 'tools' or not names:
    return package
  return 'commands' if names[0] in COMMANDS else names[0]


def reduce_edges(edges: Edges) -> Edges:
  """Removes the edges that follow from longer paths (transitive reduction)."""
  return {
    (start, end)
    for start, end in edges
    if end not in _reachable(start, edges - {(start, end)})
  }


def _reachable(start: str, edges: Edges) -> set[str]:
  found, queue = set(), [start]
  while queue:
    node = queue.pop()
    following = {b for a, b in edges if a == node} - found
    found |= following
    queue += following
  return found


def draw(edges: Edges) -> str:
  """Returns the lines of a Mermaid flow chart."""
  lines = [f'    {start} --> {end}\n' for start, end in sorted(edges)]
  return 'flowchart TD\n' + ''.join(lines)


def replace_picture(page: str, picture: str) -> str:
  """Replaces the Mermaid block of a Markdown page."""
  before, rest = page.split(START, 1)
  after = rest.split(END, 1)[1]
  return before + START + picture + END + after


def main(arguments: Sequence[str] | None = None) -> int:
  """Updates or checks the page; returns the exit code."""
  parser = argparse.ArgumentParser(
    description=__doc__.splitlines()[0],
  )
  parser.add_argument(
    '--check', action='store_true', help='only check that it is current'
  )
  options = parser.parse_args(arguments)
  page = PAGE.read_text()
  current = replace_picture(page, draw(reduce_edges(read_imports())))
  if options.check and current != page:
    print(
      f'The diagram in {PAGE.name} is outdated; run python -m '
      'tools.draw_dependencies.',
      file=sys.stderr,
    )
    return 1
  if not options.check:
    PAGE.write_text(current)
  return 0


if __name__ == '__main__':
  sys.exit(main())
