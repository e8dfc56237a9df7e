"""Renders a report as HTML."""

import base64
import io
from collections.abc import Mapping
from typing import Any

import jinja2

from planet_tf.analysis.curves.metrics_figure import METRICS, draw_metrics
from planet_tf.analysis.events import image_suffix
from planet_tf.analysis.report.content import Content

# Keys of a summary and their labels.
SUMMARY_LABELS = {
  'random_mean_return': 'Mean return of random actions',
  'first_5_planned_mean_return': 'Mean return of the first 5 planned episodes',
  'last_10_planned_mean_return': 'Mean return of the last 10 planned episodes',
  'last_5_tests_mean_return': 'Mean return of the last 5 evaluations',
  'best_test_return': 'Best evaluation',
  'updates': 'Updates',
  'episodes': 'Episodes',
  'env_steps': 'Steps of the environment',
  'hours': 'Hours',
  'sessions': 'Sessions',
}


def render_report(content: Content) -> str:
  """Returns the page, which loads nothing from elsewhere."""
  environment = jinja2.Environment(
    loader=jinja2.PackageLoader('planet_tf.analysis.report', '.'),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
  )
  environment.filters |= {
    'base64': lambda data: base64.b64encode(data).decode(),
    'cell': _cell,
    'image_suffix': image_suffix,
    'number': _number,
  }
  sessions = content.run.sessions
  return environment.get_template('page.html.j2').render(
    content=content,
    labels=SUMMARY_LABELS,
    curves=_curves(content),
    sessions=sessions,
    session_keys=list(dict.fromkeys(key for x in sessions for key in x)),
  )


def _curves(content: Content) -> str:
  """Returns curves as an SVG element."""
  metrics = list(METRICS)
  if len(content.summaries) > 1:
    metrics.insert(1, 'return/*')
  known = {key for record in content.run.records for key in record}
  shown = [x for x in metrics if x in known or '*' in x]
  file = io.StringIO()
  figure = draw_metrics({content.name: content.run.records}, shown)
  figure.savefig(file, format='svg')
  return file.getvalue()[file.getvalue().index('<svg') :]


def _cell(value: Any) -> str:
  if value is None:
    return 'none'
  if isinstance(value, Mapping):
    return ', '.join(f'{key} {x}' for key, x in value.items())
  return str(value)


def _number(value: float) -> str:
  return f'{value:,}' if isinstance(value, int) else f'{value:,.1f}'
