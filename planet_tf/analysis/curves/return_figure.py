"""Learning curve of one run."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from planet_tf.analysis.curves.smoothing import WINDOW, running_median
from planet_tf.analysis.metrics import Record
from planet_tf.analysis.summary import split_returns

_RANDOM, _PLANNED, _EVALUATION = '#6e6e6e', '#1f77b4', '#d95f02'


def draw_returns(rows: Sequence[Record], summary: Mapping[str, Any]) -> Figure:
  """Draws returns over episodes, with the updates on the upper axis.

  Args:
    rows: Result of `Run.returns`, not empty.
    summary: Result of `summarize`.

  Returns:
    The figure.
  """
  returns = split_returns(rows)
  figure = Figure(figsize=(9, 5.4), dpi=120, layout='constrained')
  axes = figure.subplots()
  _draw_random(axes, returns.random)
  _draw_planned(axes, returns.planned)
  _draw_evaluations(axes, returns.evaluations)
  axes.set_title(_title(summary), fontsize=11)
  axes.set_xlabel('Episodes of training data, including random ones')
  axes.set_ylabel('Return (sum of the rewards of an episode)')
  axes.set_xlim(0, max(row['episodes'] for row in rows) + 1)
  axes.set_ylim(0, 1.05 * max(row['return'] for row in rows) or 1)
  axes.grid(color='#e4e4e4')
  axes.set_axisbelow(True)
  axes.spines['right'].set_visible(False)
  _add_updates(axes, rows)
  figure.legend(loc='outside lower center', ncols=4, frameon=False, fontsize=9)
  return figure


def _draw_random(axes: Axes, rows: Sequence[Record]) -> None:
  if not rows:
    return
  returns = _values(rows, 'return')
  label = f'random actions: mean and range of {len(rows)} episodes'
  axes.plot(_values(rows, 'episodes'), returns, 'o', color=_RANDOM, ms=4, mew=0)
  axes.axhspan(min(returns), max(returns), color=_RANDOM, alpha=0.15, lw=0)
  axes.axhline(
    statistics.fmean(returns), color=_RANDOM, ls='--', lw=1.5, label=label
  )


def _draw_planned(axes: Axes, rows: Sequence[Record]) -> None:
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
    running_median(returns),
    color=_PLANNED,
    lw=2,
    label=f'median of the last {WINDOW}',
  )


def _draw_evaluations(axes: Axes, rows: Sequence[Record]) -> None:
  if not rows:
    return
  axes.plot(
    _values(rows, 'episodes'),
    _values(rows, 'return'),
    's-',
    color=_EVALUATION,
    lw=1.5,
    ms=4.5,
    label='evaluation without noise',
  )


def _add_updates(axes: Axes, rows: Sequence[Record]) -> None:
  """Labels the upper axis with updates, which start after random episodes."""
  # Evaluations are excluded: updates increase between two training episodes.
  last = {
    row['updates']: row['episodes'] for row in rows if row['split'] == 'train'
  }
  ticks = MaxNLocator(8, integer=True).tick_values(0, max(last))
  shown = [tick for tick in ticks if 0 <= tick <= max(last)]
  places = np.interp(shown, list(last), list(last.values()))
  top = axes.twiny()
  top.set_xlim(axes.get_xlim())
  top.set_xticks(places, [f'{round(tick):,}' for tick in shown])
  top.set_xlabel('Updates')
  top.spines['right'].set_visible(False)


def _title(summary: Mapping[str, Any]) -> str:
  processor, cores, commit = (
    ' / '.join(map(str, value)) if isinstance(value, list) else value
    for value in (summary[key] for key in ('processor', 'cores', 'commit'))
  )
  return (
    f'{summary["task"]}: learning curve after {summary["hours"]:.1f} hours\n'
    f'{processor}, {cores} cores, commit {commit}'
  )


def _values(rows: Sequence[Record], key: str) -> list[float]:
  return [row[key] for row in rows]
