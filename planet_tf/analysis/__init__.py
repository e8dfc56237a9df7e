"""Reads run directories and turns them into figures, tables and reports.

    from planet_tf import analysis

    run = analysis.read_run('runs/cheetah')
    analysis.summarize(run)
    analysis.draw_metrics({'cheetah': run.records}, ['return']).savefig('a.png')

    groups = analysis.read_groups(['PlaNet=runs/table1/*-seed*'])
    print(analysis.make_tables(groups)['table1'].markdown())

Nothing here trains, or changes the configuration of the process. The names
below are loaded on first use.
"""

import importlib
from typing import Any

_MODULES = {
  # Run directories.
  'Evaluation': 'run',
  'Run': 'run',
  'read_metrics': 'metrics',
  'read_run': 'run',
  'read_runs': 'run',
  'read_settings': 'settings',
  # Returns and curves.
  'draw_metrics': 'curves.metrics_figure',
  'draw_returns': 'curves.return_figure',
  'returns_csv': 'curves.learning_curve',
  'running_median': 'curves.smoothing',
  'split_returns': 'summary',
  'summarize': 'summary',
  'write_learning_curve': 'curves.learning_curve',
  # Statistics.
  'Aggregate': 'statistics',
  'interquartile_mean': 'statistics',
  'stratified_bootstrap': 'statistics',
  # Tables of the paper.
  'Group': 'tables.group',
  'draw_curves': 'tables.curve_figure',
  'make_tables': 'tables.paper',
  'read_group': 'tables.groups',
  'read_groups': 'tables.groups',
  'read_published': 'tables.published',
  'write_paper': 'tables.paper',
  # The true simulator and figure 12.
  'draw_grid': 'planner_grid.figure',
  'read_cells': 'planner_grid.cells',
  'read_record': 'simulator_records',
  # TensorBoard events and reports.
  'event_folders': 'events',
  'export_events': 'events',
  'read_content': 'report.content',
  'read_events': 'events',
  'render_report': 'report.page',
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
  """Imports the module of a public name."""
  if name not in _MODULES:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  module = importlib.import_module(f'{__name__}.{_MODULES[name]}')
  return getattr(module, name)


def __dir__() -> list[str]:
  return list(__all__)
