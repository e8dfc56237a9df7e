"""Command line of the tables.

Examples:

    python -m tools.paper_tables --runs='runs/planet_*' --output=tables
    python -m tools.paper_tables --runs=PlaNet='runs/planet_*' \\
        --runs=SSM='runs/ssm_*' --output=tables
    python -m tools.paper_tables --output=tables \\
        --runs='true simulator=results/true_simulator/*.json'

Each --runs is a group of runs that differ in seed and task alone: a row of
table 1 and a line in the curves. It takes run directories, or files that
tools.true_simulator has written. Written are table1 (.md, .csv, .tex), curves
(.png, .svg; of runs that learn), aggregates.md and efficiency.md.
"""

import csv
import pathlib
import statistics
from collections.abc import Sequence

from absl import flags

from planet_tf import command_line

command_line.start_tensorflow()

from tools.paper_tables import curves, table
from tools.paper_tables.groups import Group, read_group
from tools.paper_tables.published import (
  PublishedRow,
  read_factors,
  read_published,
)
from tools.paper_tables.statistics import HIGHEST, stratified_bootstrap

FLAGS = flags.FLAGS

flags.DEFINE_multi_string(
  'runs', None, 'Glob of the runs of a group, or LABEL=GLOB.'
)
flags.DEFINE_string('output', None, 'Folder to write to; made if need be.')


def main() -> int:
  """Reads all runs and writes the files."""
  command_line.require_writable_folder(FLAGS.output)
  groups = [read_group(text) for text in FLAGS.runs]
  published = read_published()
  output = pathlib.Path(FLAGS.output).expanduser()
  output.mkdir(parents=True, exist_ok=True)
  rows = table.make_rows(published, groups)
  text = table.markdown(rows)
  (output / 'table1.md').write_text(text)
  (output / 'table1.tex').write_text(table.latex(rows))
  with (output / 'table1.csv').open('w', newline='') as file:
    records = table.records(rows)
    writer = csv.DictWriter(file, records[0], lineterminator='\n')
    writer.writeheader()
    writer.writerows(records)
  learning = [x for x in groups if any(len(r.scores) > 1 for r in x.runs)]
  if learning:
    figure = curves.draw(learning, published)
    for suffix in ('png', 'svg'):
      figure.savefig(output / f'curves.{suffix}', dpi=120)
  (output / 'aggregates.md').write_text(_aggregates(groups))
  (output / 'efficiency.md').write_text(_efficiency(groups, published))
  print(text)
  print(f'Written to {output}.')
  return 0


def _aggregates(groups: Sequence[Group]) -> str:
  lines = [
    'Interquartile means of the tests in table 1, each run by its mean return '
    f'/ {HIGHEST:.0f}, with 95% stratified-bootstrap intervals where all tasks '
    'have several seeds. A task with more seeds weighs more. The tasks of one '
    'agent are drawn together.',
    '',
    '| runs | IQM | 95% interval | tasks | seeds of each | episodes of each |',
    '|---|---|---|---|---|---|',
  ]
  for group in groups:
    tests = [group.tests_of(task)[-1] for task in group.tasks]
    iqm = stratified_bootstrap(_strata(group))
    # One seed drawn anew is always the same.
    single = min(len(task) for task in tests) == 1
    interval = '-' if single else f'{iqm.low:.3f} to {iqm.high:.3f}'
    seeds = ', '.join(f'{len(task)}' for task in tests)
    episodes = ', '.join(f'{min(x.episodes for x in task)}' for task in tests)
    lines.append(
      f'| {group.label} | {iqm.value:.3f} | {interval} | {len(tests)} | '
      f'{seeds} | {episodes} |'
    )
  return '\n'.join(lines) + '\n'


def _strata(group: Group) -> list[list[list[float]]]:
  """Scores of each run in its tasks; runs of other tasks apart."""
  by_run: dict[str, dict[str, float]] = {}
  for task in group.tasks:
    tests = group.tests_of(task)[-1]
    for run, test in zip(group.of_task(task), tests, strict=True):
      score = statistics.fmean(test.returns) / HIGHEST
      by_run.setdefault(run.path, {})[task] = score
  strata: dict[tuple[str, ...], list[list[float]]] = {}
  for scores in by_run.values():
    strata.setdefault(tuple(scores), []).append(list(scores.values()))
  return list(strata.values())


def _efficiency(
  groups: Sequence[Group], published: Sequence[PublishedRow]
) -> str:
  lines = [
    'Measured: episodes that a published method had in all, by those after '
    'which the mean of a test of our runs first reaches its score; upper '
    'bounds, as the method may have had that score earlier. What is not '
    'reached is missing.',
    '',
    '| runs | against | task | factor |',
    '|---|---|---|---|',
  ]
  for group in groups:
    for method, factors in table.efficiency(group, published).items():
      lines += [
        f'| {group.label} | {method} | {task} | {factor:.0f} |'
        for task, factor in factors.items()
      ]
  paper = read_factors()
  lines += [
    '',
    f'Published, and not comparable with the above: episodes of {paper.against}'
    f' until it has the final score of {paper.method}, by those of '
    f'{paper.method}. That takes the learning curves of {paper.against}.',
    '',
    '| task | factor |',
    '|---|---|',
    *(f'| {task} | {factor} |' for task, factor in paper.factors.items()),
  ]
  return '\n'.join(lines) + '\n'


if __name__ == '__main__':
  command_line.run(main, 'runs', 'output')
