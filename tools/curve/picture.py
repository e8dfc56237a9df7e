"""Draws the learning curve of a run."""

import pathlib
import statistics
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tools.curve.rows import Row, split_rows

WINDOW = 10  # Episodes of the running median.

_RANDOM, _PLANNED, _TEST = '#6e6e6e', '#1f77b4', '#d95f02'


def draw(
  path: pathlib.Path, rows: Sequence[Row], summary: dict[str, object]
) -> None:
  """Draws returns over episodes as a PNG, with the updates on top.

  Args:
    path: Where to write it.
    rows: What `read_rows` returns.
    summary: What `summarize` returns.
  """
  random, planned, tests = split_rows(rows)
  figure = Figure(figsize=(9, 5.4), dpi=120, layout='constrained')
  axes = figure.subplots()
  _draw_random(axes, random)
  _draw_planned(axes, planned)
  _draw_tests(axes, tests)
  axes.set_title(_title(summary), fontsize=11)
  axes.set_xlabel('Episodes of training data, random ones included')
  axes.set_ylabel('Return (sum of the rewards of an episode)')
  axes.set_xlim(0, max(row['episodes'] for row in rows) + 1)
  axes.set_ylim(0, 1.05 * max(row['return'] for row in rows) or 1)
  axes.grid(color='#e4e4e4')
  axes.set_axisbelow(True)
  axes.spines['right'].set_visible(False)
  _add_updates(axes, rows)
  figure.legend(loc='outside lower center', ncols=4, frameon=False, fontsize=9)
  figure.savefig(path)


def running_median(values: Sequence[float], window: int) -> list[float]:
  """Median of each value and those before it, `window` in all at most."""
  return [
    statistics.median(values[max(0, end - window) : end])
    for end in range(1, len(values) + 1)
  ]


def _draw_random(axes: Axes, rows: Sequence[Row]) -> None:
  if not rows:
    return
  returns = _values(rows, 'return')
  label = f'random actions: mean and range of {len(rows)} episodes'
  axes.plot(_values(rows, 'episodes'), returns, 'o', color=_RANDOM, ms=4, mew=0)
  axes.axhspan(min(returns), max(returns), color=_RANDOM, alpha=0.15, lw=0)
  axes.axhline(
    statistics.fmean(returns), color=_RANDOM, ls='--', lw=1.5, label=label
  )


def _draw_planned(axes: Axes, rows: Sequence[Row]) -> None:
  if not rows:
    return
  episodes, returns = _values(rows, 'episodes'), _values(rows, 'return')
  axes.plot(
    episodes,
    returns,
    'o',
    color=_PLANNED,
    alpha=0.45,
    ms=4,
    mew=0,
    label='training episode',
  )
  axes.plot(
    episodes,
    running_median(returns, WINDOW),
    color=_PLANNED,
    lw=2,
    label=f'median of the last {WINDOW}',
  )


def _draw_tests(axes: Axes, rows: Sequence[Row]) -> None:
  if not rows:
    return
  axes.plot(
    _values(rows, 'episodes'),
    _values(rows, 'return'),
    's-',
    color=_TEST,
    lw=1.5,
    ms=4.5,
    label='test, without noise',
  )


def _add_updates(axes: Axes, rows: Sequence[Row]) -> None:
  """Labels the top with the updates; they begin after the random episodes."""
  # Collections only: between them updates go on while episodes stand still.
  last = {
    row['updates']: row['episodes'] for row in rows if row['split'] == 'train'
  }
  ticks = MaxNLocator(8, integer=True).tick_values(0, max(last))
  ticks = [tick for tick in ticks if 0 <= tick <= max(last)]
  places = np.interp(ticks, list(last), list(last.values()))
  top = axes.twiny()
  top.set_xlim(axes.get_xlim())
  top.set_xticks(places, [f'{round(tick):,}' for tick in ticks])
  top.set_xlabel('Updates')
  top.spines['right'].set_visible(False)


def _title(summary: dict[str, object]) -> str:
  processor, cores, commit = (
    ' / '.join(map(str, value)) if isinstance(value, list) else value
    for value in (summary[key] for key in ('processor', 'cores', 'commit'))
  )
  return (
    f'{summary["task"]}: learning curve after {summary["hours"]:.1f} hours\n'
    f'{processor}, {cores} cores, commit {commit}'
  )


def _values(rows: Sequence[Row], key: str) -> list[float]:
  return [row[key] for row in rows]
