"""Trains in several precisions and numbers of splits, and compares losses."""

import csv
import json
import pathlib
import subprocess
import sys
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from planet_tf.cli import UsageError
from planet_tf.data import list_episodes, read_episode
from planet_tf.ops import hardware
from planet_tf.runs.atomic_files import atomic_write_json
from planet_tf.runs.provenance import describe_process

WINDOW = 50  # Updates in a mean: the losses of single batches are noisy.
REFERENCE, OTHER_NOISE = 'float32', 'float32, other noise'

History = dict[str, list[float]]


def variants(cores: int) -> dict[str, tuple[list[str], int]]:
  """Returns the bindings and the noise seed of each trial by name."""

  def bindings(precision: str, num_splits: int) -> list[str]:
    return [
      f'make_world_model.precision = {precision!r}',
      f'make_world_model.num_splits = {num_splits}',
    ]

  return {
    REFERENCE: (bindings('float32', 1), 0),
    OTHER_NOISE: (bindings('float32', 1), 1),
    f'float32, {cores} splits': (bindings('float32', cores), 0),
    'bfloat16': (bindings('bfloat16', 1), 0),
    f'bfloat16, {cores} splits': (bindings('bfloat16', cores), 0),
  }


def compare(
  episodes: pathlib.Path,
  files: Sequence[str],
  updates: int,
  output: pathlib.Path,
) -> dict[str, object]:
  """Trains all variants and writes losses.csv, losses.png and summary.json.

  Args:
    episodes: Folder of the episodes to train on.
    files: gin files to read after planet.gin.
    updates: Updates of each trial.
    output: Folder to write to; created if necessary.

  Returns:
    The summary: mean distances from float32, and losses at the end.

  Raises:
    UsageError: If the folder has no episodes.
  """
  paths = list_episodes(episodes)
  if not paths:
    raise UsageError(
      f'--episodes={episodes} has no episodes; give the folder train_episodes '
      'of a run.'
    )
  request = {
    'episodes': str(episodes),
    'files': list(files),
    'updates': updates,
    'action_size': read_episode(paths[0], ['action'])['action'].shape[1],
  }
  histories = {}
  for name, (params, seed) in variants(hardware.cores()).items():
    print(name, file=sys.stderr, flush=True)
    histories[name] = _train({**request, 'params': params, 'noise_seed': seed})
  summary = {
    'updates': updates,
    'episodes': len(paths),
    'gin_files': list(files),
    'session': describe_process(),
    'window': WINDOW,
    'mean_distance_from_float32': distances(histories),
    'last_window': {
      name: {k: float(_smooth(v)[-1]) for k, v in history.items()}
      for name, history in histories.items()
    },
  }
  output.mkdir(parents=True, exist_ok=True)
  _write_csv(output / 'losses.csv', histories)
  _draw(histories).savefig(output / 'losses.png')
  atomic_write_json(output / 'summary.json', summary)
  return summary


def distances(histories: Mapping[str, History]) -> dict[str, dict[str, float]]:
  """Returns the distance of each trial from the reference by metric.

  The distance is the mean absolute difference of means over WINDOW updates.
  That of `OTHER_NOISE` is due to chance alone.
  """
  reference = histories[REFERENCE]
  return {
    name: {
      metric: float(
        np.mean(np.abs(_smooth(values) - _smooth(reference[metric])))
      )
      for metric, values in history.items()
    }
    for name, history in histories.items()
    if name != REFERENCE
  }


def _train(request: Mapping[str, object]) -> History:
  """Returns the losses of one trial, which runs in a separate process."""
  result = subprocess.run(
    [sys.executable, '-m', 'tools.compare_numerics.trial'],
    input=json.dumps(request),
    stdout=subprocess.PIPE,
    text=True,
    check=True,
  )
  return json.loads(result.stdout.splitlines()[-1])


def _smooth(values: Sequence[float]) -> np.ndarray:
  """Returns means over WINDOW updates; the last one takes the remainder."""
  count = max(1, len(values) // WINDOW)
  return np.array([np.mean(part) for part in np.array_split(values, count)])


def _write_csv(path: pathlib.Path, histories: Mapping[str, History]) -> None:
  with path.open('w', newline='') as file:
    writer = csv.writer(file, lineterminator='\n')
    metrics = list(next(iter(histories.values())))
    writer.writerow(['construction', 'update', *metrics])
    for name, history in histories.items():
      for update, row in enumerate(zip(*history.values(), strict=True), 1):
        writer.writerow([name, update, *(f'{x:.7g}' for x in row)])


def _draw(histories: Mapping[str, History]) -> Figure:
  figure = Figure(figsize=(10, 6), dpi=120, layout='constrained')
  grid = figure.subplots(2, 2, sharex=True).ravel()
  metrics = ('image_loss', 'reward_loss', 'kl', 'gradient_norm')
  for axes, metric in zip(grid, metrics, strict=True):
    for name, history in histories.items():
      values = _smooth(history[metric])
      places = np.linspace(0, len(history[metric]), 2 * len(values) + 1)[1::2]
      style = '--' if name == OTHER_NOISE else '-'
      axes.plot(places, values, style, lw=1.5, label=name)
    axes.set_title(metric, fontsize=10)
    axes.grid(color='#e4e4e4')
  for axes in grid[2:]:
    axes.set_xlabel('Updates')
  grid[3].set_yscale('log')
  handles, labels = grid[0].get_legend_handles_labels()
  figure.legend(
    handles, labels, loc='outside lower center', ncols=5, frameon=False
  )
  figure.suptitle(f'Same data and initial weights; means over {WINDOW} updates')
  return figure
