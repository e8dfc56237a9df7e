"""Tables of timings, and their comparison with earlier ones."""

import json
import pathlib
import statistics
from collections.abc import Mapping, Sequence

from planet_tf.cli import UsageError
from planet_tf.runs.atomic_files import atomic_write_json

Record = dict[str, object]

FORMAT = 2  # Of the JSON file; changes when its keys do.
SLOWER = 1.1  # Scaled ratio beyond which a row is flagged.
LARGEST_DRIFT = 0.1  # Of the peak, beyond which timings are not to be trusted.


def read(path: str) -> Record:
  """Reads a record that an earlier benchmark wrote.

  Raises:
    UsageError: The file cannot be read or is none of ours.
  """
  try:
    record = json.loads(pathlib.Path(path).read_text())
  except OSError as error:
    raise UsageError(f'Cannot read {path!r}: {error.strerror}.') from error
  except ValueError as error:
    raise UsageError(f'{path!r} is not JSON: {error}.') from error
  if not isinstance(record, dict) or record.get('format') != FORMAT:
    raise UsageError(
      f'{path!r} is not a file of this benchmark (format {FORMAT}); measure '
      'again with --output.'
    )
  return record


def write(path: pathlib.Path, record: Record) -> None:
  """Writes a record so that readers see the whole file or none."""
  atomic_write_json(path, record)


def table(record: Record) -> str:
  """The machine and all timings as text."""
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
  """Ratios of new to old timings as text; under 1 the new one is faster.

  `scaled` compares seconds x GEMM peak (of the row's own process and precision
  where it states its work, else the float32 one), so that a machine that is
  faster in general does not pass for faster code. What became slower is
  flagged.
  """
  earlier = {_key(row): row for row in old['results']}
  rows = []
  for row in new['results']:
    other = earlier.get(_key(row))
    if other is None or 'skipped' in row or 'skipped' in other:
      continue
    before, after = other['median_seconds'], row['median_seconds']
    ratio = after / before
    peaks = _peak(other, old), _peak(row, new)
    scaled = ratio * peaks[1] / peaks[0] if all(peaks) else None
    texts = [_number(before), _number(after), f'{ratio:.2f}']
    texts.append('-' if scaled is None else f'{scaled:.2f}')
    texts.append('SLOWER' if (scaled or ratio) > SLOWER else '')
    rows.append([row['part'], row['size'], row['label'], *texts])
  session = old['session']
  title = f'Against {session["commit"]} on {session["processor"]}'
  if not rows:
    return f'{title}: nothing in common.'
  header = ['part', 'size', 'label', 'old s', 'new s', 'ratio', 'scaled', '']
  return '\n'.join([f'{title}:', *_aligned([header, *rows])])


def verdict(record: Record, precision: str, num_splits: int) -> str:
  """Whether the automatic choice was the fastest of all alternatives.

  Args:
    record: Measurements of `plan.make_alternatives`.
    precision: What `auto` chooses on this machine.
    num_splits: What `auto` chooses on this machine.
  """
  groups: dict[tuple, list[Record]] = {}
  for row in record['results']:
    if 'skipped' not in row:
      groups.setdefault((row['part'], row['size']), []).append(row)
  lines = []
  for (part, size), rows in groups.items():
    best = min(rows, key=lambda row: row['median_seconds'])
    chosen = [
      row
      for row in rows
      if (row['precision'], row['num_splits']) == (precision, num_splits)
    ]
    text = f'{part} at {size}: fastest is {_construction(best)}'
    for row in chosen:
      loss = row['median_seconds'] / best['median_seconds'] - 1
      text += (
        ', as chosen' if row is best else f"; 'auto' takes {loss:.0%} longer"
      )
    lines.append(text)
  chosen = f"'auto' is {precision} and {num_splits} num_splits here."
  return '\n'.join([chosen, *lines])


def _construction(row: Record) -> str:
  return f'{row["precision"]} in {row["num_splits"]} num_splits'


def _peak(row: Record, record: Record) -> float | None:
  if 'peak_gflops' in row:
    return row['peak_gflops'][row['precision']]
  return float32_peak(record['gemm'])


def float32_peak(gemm: Mapping[str, Mapping]) -> float | None:
  """Mean of the float32 peaks before and after, in GFLOP/s."""
  values = [peak['float32']['median_gflops'] for peak in gemm.values()]
  return statistics.mean(values) if values else None


def drift(gemm: Mapping[str, Mapping], dtype: str) -> float | None:
  """Relative change of a peak while the benchmark ran."""
  if len(gemm) < 2:
    return None
  before, after = (gemm[when][dtype] for when in ('before', 'after'))
  return after['median_gflops'] / before['median_gflops'] - 1


def unsteady(record: Record) -> str | None:
  """A warning if the machine's speed changed meanwhile."""
  change = drift(record['gemm'], 'float32')
  if change is None or abs(change) <= LARGEST_DRIFT:
    return None
  return (
    f'the float32 peak changed by {change:+.0%} while the benchmark ran; '
    'measure again on a quiet machine.'
  )


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
    change = drift(gemm, dtype)
    lines.append(line + ('' if change is None else f' (drift {change:+.0%})'))
  return lines


def _key(row: Record) -> tuple[str, str, str]:
  return row['part'], row['size'], row['label']


def _times(row: Record) -> list[str]:
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
  """Columns side by side, the first three flush left; short rows may be."""
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
