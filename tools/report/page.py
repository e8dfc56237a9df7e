"""The report as one HTML page without anything from elsewhere."""

import base64
import html
import io
from collections.abc import Iterable, Mapping
from typing import Any

from tools.plot_runs.figure import METRICS, draw
from tools.report.content import Content

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem
  auto; padding: 0 1rem; color: #222; background: #fff; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem .2rem 0;
  text-align: left; border-bottom: 1px solid #ddd; vertical-align: top; }
figure { margin: 1.5rem 0; } figcaption { color: #555; }
img, svg { max-width: 100%; height: auto; } img { image-rendering: pixelated; }
pre { background: #f4f4f4; padding: 1rem; overflow-x: auto; font-size: .85rem; }
.scroll { overflow-x: auto; }
"""

# Rows of a summary, and how they are called.
_SUMMARY = {
  'random_mean_return': 'Mean return of random actions',
  'first_5_planned_mean_return': 'Mean return of the first 5 planned episodes',
  'last_10_planned_mean_return': 'Mean return of the last 10 planned episodes',
  'last_5_tests_mean_return': 'Mean return of the last 5 tests',
  'best_test_return': 'Best test',
  'updates': 'Updates',
  'episodes': 'Episodes',
  'env_steps': 'Steps of the environment',
  'hours': 'Hours',
  'sessions': 'Sessions',
}


def render(content: Content) -> str:
  """Renders a report as HTML."""
  name = html.escape(content.name)
  tasks = ', '.join(content.summaries)
  sections = [
    f'<h1>{name}</h1>\n<p>{html.escape(tasks)}: a run of planet_tf.</p>',
    *_summaries(content),
    *_scores(content),
    '<h2>Curves</h2>',
    _curves(content),
    *_pictures(content),
    '<h2>Settings</h2>',
    *(_text(name, text) for name, text in content.texts.items()),
    '<h2>Versions and hardware</h2>',
    '<div class="scroll">',
    _sessions(content),
    '</div>',
  ]
  body = '\n'.join(sections)
  return (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    f'<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n'
    f'<body>\n{body}\n</body>\n</html>\n'
  )


def _summaries(content: Content) -> Iterable[str]:
  for task, summary in content.summaries.items():
    yield f'<h2>Results, {html.escape(task)}</h2>'
    yield _table(
      (label, _number(summary[key]))
      for key, label in _SUMMARY.items()
      if summary.get(key) is not None
    )


def _scores(content: Content) -> Iterable[str]:
  for scores in content.scores:
    yield '<h2>Evaluation</h2>'
    facts = {k: v for k, v in scores.items() if k != 'tasks'}
    rows = [(key, value) for key, value in facts.items()]
    for task, result in scores['tasks'].items():
      returns = ', '.join(f'{value:.1f}' for value in result['returns'])
      rows.append((f'{task}, mean', f'{result["mean"]:.1f}'))
      rows.append((f'{task}, returns', returns))
    yield _table(rows)


def _curves(content: Content) -> str:
  metrics = list(METRICS)
  if len(content.summaries) > 1:
    metrics.insert(1, 'return/*')
  known = {key for line in content.records for key in line}
  shown = [x for x in metrics if x in known or '*' in x]
  file = io.StringIO()
  draw({content.name: content.records}, shown).savefig(file, format='svg')
  return file.getvalue()[file.getvalue().index('<svg') :]


def _pictures(content: Content) -> Iterable[str]:
  if content.pictures:
    yield '<h2>Pictures</h2>'
  for value, text in content.pictures:
    kind = 'gif' if value.content.startswith(b'GIF') else 'png'
    data = base64.b64encode(value.content).decode()
    caption = html.escape(f'{text} After {value.step:,} updates.')
    tag = html.escape(value.tag)
    yield (
      f'<figure><img alt="{tag}" src="data:image/{kind};base64,{data}">'
      f'<figcaption><b>{tag}</b>. {caption}</figcaption></figure>'
    )


def _sessions(content: Content) -> str:
  keys = list(dict.fromkeys(k for x in content.sessions for k in x))
  return _table((key, *(x.get(key) for x in content.sessions)) for key in keys)


def _text(name: str, text: str) -> str:
  return (
    f'<details><summary>{html.escape(name)}</summary>'
    f'<pre>{html.escape(text)}</pre></details>'
  )


def _table(rows: Iterable[tuple[Any, ...]]) -> str:
  lines = []
  for first, *others in rows:
    cells = ''.join(f'<td>{html.escape(_cell(x))}</td>' for x in others)
    lines.append(f'<tr><th>{html.escape(str(first))}</th>{cells}</tr>')
  return '<table>\n' + '\n'.join(lines) + '\n</table>'


def _cell(value: object) -> str:
  if value is None:
    return 'none'
  if isinstance(value, Mapping):
    return ', '.join(f'{key} {x}' for key, x in value.items())
  return str(value)


def _number(value: float) -> str:
  return f'{value:,}' if isinstance(value, int) else f'{value:,.1f}'
