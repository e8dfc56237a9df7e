"""Timings as text, and their comparison with earlier ones."""

import statistics
from collections.abc import Mapping, Sequence

from tools.benchmark.machine import relative_drift
from tools.benchmark.records import Record, Row

SLOWER = 1.1  # Scaled ratio above which a row is flagged.


def full_report(
  record: Record, baseline: Record | None = None, *, compare: bool = False
) -> str:
  """Returns all timings, with the comparisons that are asked for.

  Args:
    record: The timings.
    baseline: Timings of an earlier benchmark to compare with.
    compare: Whether to report if the automatic choice is the fastest.
  """
  texts = [table(record)]
  if baseline:
    texts.append(comparison(baseline, record))
  if compare:
    session = record['session']
    choice = session['auto_precision'], session['auto_num_splits']
    texts.append(verdict(record, *choice))
  return '\n\n'.join(texts)


def table(record: Record) -> str:
  """Returns the machine and all timings."""
  session = record['session']
  lines = [
    f'commit {session["commit"]}, {session["started"]}, TensorFlow '
    f'{session["tensorflow"]}, Python {session["python"]}',
    f'{session["processor"]}, {session["cores"]} cores, load average '
    f'{session["load_average"][0]:.2f} at the start',
    *_gemm_lines(record['gemm']),
    '',
  ]
  rows = [
    [row['part'], row['size'], row['label'], *_times(row)]
    for row in record['results']
  ]
  header = ['part', 'size', 'label', 'median s', 'min', 'max', 'first call']
  header += ['GB', 'of peak']
  return '\n'.join(lines + _aligned([header, *rows]))


def comparison(old: Record, new: Record) -> str:
  """Returns ratios of new to old timings; below 1 the new one is faster.

  `scaled` compares seconds times GEMM peak, so that a faster machine does not
  pass for faster code. The peak is that of the row's process and precision if
  the row states its work, and the float32 peak otherwise. Rows that became
  slower are flagged.
  """
  earlier = {_key(row): row for row in old['results']}
  rows = []
  for row in new['results']:
    other = earlier.get(_key(row))
    if other is None or 'skipped' in row or 'skipped' in other:
      continue
    before, after = other['median_seconds'], row['median_seconds']
    ratio = after / before
    old_peak, new_peak = _peak(other, old), _peak(row, new)
    scaled = ratio * new_peak / old_peak if old_peak and new_peak else None
    texts = [_number(before), _number(after), f'{ratio:.2f}']
    texts.append('-' if scaled is None else f'{scaled:.2f}')
    texts.append('SLOWER' if (scaled or ratio) > SLOWER else '')
    rows.append([row['part'], row['size'], row['label'], *texts])
  session = old['session']
  title = f'Against {session["commit"]} on {session["processor"]}'
  if not rows:
    return f'{title}: no common rows.'
  header = ['part', 'size', 'label', 'old s', 'new s', 'ratio', 'scaled', '']
  return '\n'.join([f'{title}:', *_aligned([header, *rows])])


def verdict(record: Record, precision: str, num_splits: int) -> str:
  """Returns whether the automatic choice is the fastest of all alternatives.

  Args:
    record: Timings of `plan.make_alternatives`.
    precision: Precision that `auto` chooses on this machine.
    num_splits: Number of splits that `auto` chooses on this machine.
  """
  groups: dict[tuple[str, str], list[Row]] = {}
  for row in record['results']:
    if 'precision' in row:
      groups.setdefault((row['part'], row['size']), []).append(row)
  lines = [f"'auto' chooses {_variant(precision, num_splits)} here."]
  for (part, size), rows in groups.items():
    best = min(rows, key=lambda row: row['median_seconds'])
    fastest = best['precision'], best['num_splits']
    text = f'{part} at {size}: the fastest is {_variant(*fastest)}'
    for row in rows:
      if (row['precision'], row['num_splits']) == (precision, num_splits):
        loss = row['median_seconds'] / best['median_seconds'] - 1
        text += (
          ', as chosen' if row is best else f"; 'auto' takes {loss:.0%} longer"
        )
    lines.append(text)
  return '\n'.join(lines)


def _variant(precision: str, num_splits: int) -> str:
  return f'{precision} in {num_splits} split{"s" if num_splits > 1 else ""}'


def _peak(row: Row, record: Record) -> float | None:
  if 'peak_gflops' in row:
    return row['peak_gflops'][row['precision']]
  return _float32_peak(record['gemm'])


def _float32_peak(gemm: Mapping[str, Mapping]) -> float | None:
  """Returns the mean of the peaks before and after, in GFLOP/s."""
  values = [peak['float32']['median_gflops'] for peak in gemm.values()]
  return statistics.mean(values) if values else None


def _gemm_lines(gemm: Mapping[str, Mapping]) -> list[str]:
  lines = []
  for dtype in next(iter(gemm.values()), ()):
    values = [
      f'{peak[dtype]["median_gflops"]:.0f} {when}'
      for when, peak in gemm.items()
    ]
    line = f'GEMM peak {dtype}, GFLOP/s: {", ".join(values)}'
    convolution = next(iter(gemm.values()))[dtype].get('convolution_gflops')
    if convolution:
      line += f'; convolution {convolution:.0f}'
    drift = relative_drift(gemm, dtype)
    lines.append(line + ('' if drift is None else f' (drift {drift:+.0%})'))
  return lines


def _key(row: Row) -> tuple[str, str, str]:
  return row['part'], row['size'], row['label']


def _times(row: Row) -> list[str]:
  if 'skipped' in row:
    return ['skipped: ' + row['skipped']]
  names = ('median', 'minimum', 'maximum', 'first')
  times = [_number(row[f'{name}_seconds']) for name in names]
  share = row.get('share_of_peak')
  memory = row.get('peak_memory_gb')
  times.append('-' if memory is None else f'{memory:.1f}')
  times.append('-' if share is None else f'{share:.0%}')
  return times


def _number(seconds: float) -> str:
  return f'{seconds:#.3g}'


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
  """Returns aligned columns, the first three flush left; rows may be short."""
  columns = len(rows[0])
  full = [row for row in rows if len(row) == columns]
  widths = [max(len(row[i]) for row in full) for i in range(columns)]
  lines = []
  for row in rows:
    cells = [
      cell.ljust(width) if index < 3 else cell.rjust(width)
      for index, (cell, width) in enumerate(zip(row, widths, strict=False))
    ]
    lines.append('  '.join(cells).rstrip())
  return lines
