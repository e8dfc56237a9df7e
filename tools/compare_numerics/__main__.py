"""Command line of the comparison; see the package."""

import csv
import json
import pathlib
import subprocess
import sys
from collections.abc import Mapping

import numpy as np
from absl import flags
from matplotlib.figure import Figure

from planet_tf import cli
from planet_tf.ops import hardware

cli.start_tensorflow()

from planet_tf.data import list_episodes, read_episode
from planet_tf.runs.provenance import describe_session

FLAGS = flags.FLAGS

flags.DEFINE_string('episodes', None, 'Folder of episode files to train on.')
flags.DEFINE_multi_string(
  'gin_file', [], 'gin file to read after planet.gin, such as scale/cpu.gin.'
)
flags.DEFINE_integer('updates', 500, 'Updates of each trial.', lower_bound=1)
flags.DEFINE_string('output', None, 'Folder to write to; made if need be.')

WINDOW = 50  # Updates whose mean counts: single batches are noisy.
REFERENCE, OTHER_NOISE = 'float32', 'float32, other noise'

History = dict[str, list[float]]


def variants(cores: int) -> dict[str, tuple[list[str], int]]:
  """Bindings and noise seed of each trial, by name."""

  def bindings(precision: str, num_splits: int) -> list[str]:
    return [
      f'make_world_model.precision = {precision!r}',
      f'make_world_model.num_splits = {num_splits}',
    ]

  return {
    REFERENCE: (bindings('float32', 1), 0),
    OTHER_NOISE: (bindings('float32', 1), 1),
    f'float32, {cores} num_splits': (bindings('float32', cores), 0),
    'bfloat16': (bindings('bfloat16', 1), 0),
    f'bfloat16, {cores} num_splits': (bindings('bfloat16', cores), 0),
  }


def distances(histories: Mapping[str, History]) -> dict[str, dict[str, float]]:
  """How far each trial is from the reference, by metric.

  Returns:
    Mean absolute difference of the means over WINDOW updates, by trial and
    metric. That of `OTHER_NOISE` says what chance alone does.
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


def main() -> int:
  """Trains in all constructions and writes curves and distances."""
  paths = list_episodes(FLAGS.episodes)
  if not paths:
    raise cli.UsageError(
      f'--episodes={FLAGS.episodes} holds no episode; give the folder '
      'train_episodes of a run.'
    )
  output = pathlib.Path(FLAGS.output).expanduser()
  output.mkdir(parents=True, exist_ok=True)
  size = read_episode(paths[0], ['action'])['action'].shape[1]
  histories = {}
  for name, (params, seed) in variants(hardware.cores()).items():
    print(name, file=sys.stderr, flush=True)
    histories[name] = _train(size, params, seed)
  _write_csv(output / 'losses.csv', histories)
  _draw(output / 'losses.png', histories)
  summary = {
    'updates': FLAGS.updates,
    'episodes': len(paths),
    'gin_files': FLAGS.gin_file,
    'session': describe_session(),
    'window': WINDOW,
    'mean_distance_from_float32': distances(histories),
    'last_window': {
      name: {k: float(_smooth(v)[-1]) for k, v in history.items()}
      for name, history in histories.items()
    },
  }
  text = json.dumps(summary, indent=2)
  (output / 'summary.json').write_text(text + '\n')
  print(text)
  return 0


def _train(action_size: int, params: list[str], seed: int) -> History:
  request = {
    'episodes': str(pathlib.Path(FLAGS.episodes).expanduser()),
    'files': FLAGS.gin_file,
    'params': params,
    'updates': FLAGS.updates,
    'noise_seed': seed,
    'action_size': action_size,
  }
  result = subprocess.run(
    [sys.executable, '-m', 'tools.compare_numerics.trial'],
    input=json.dumps(request),
    stdout=subprocess.PIPE,
    text=True,
    check=True,
  )
  return json.loads(result.stdout.splitlines()[-1])


def _smooth(values: list[float]) -> np.ndarray:
  """Means over WINDOW updates each; what is left over joins the last."""
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


def _draw(path: pathlib.Path, histories: Mapping[str, History]) -> None:
  figure = Figure(figsize=(10, 6), dpi=120, layout='constrained')
  axes = figure.subplots(2, 2, sharex=True).ravel()
  for axis, metric in zip(
    axes, ('image_loss', 'reward_loss', 'kl', 'gradient_norm'), strict=True
  ):
    for name, history in histories.items():
      values = _smooth(history[metric])
      places = np.linspace(0, len(history[metric]), 2 * len(values) + 1)[1::2]
      style = '--' if name == OTHER_NOISE else '-'
      axis.plot(places, values, style, lw=1.5, label=name)
    axis.set_title(metric, fontsize=10)
    axis.grid(color='#e4e4e4')
  for axis in axes[2:]:
    axis.set_xlabel('Updates')
  axes[3].set_yscale('log')
  handles, labels = axes[0].get_legend_handles_labels()
  figure.legend(
    handles, labels, loc='outside lower center', ncols=5, frameon=False
  )
  figure.suptitle(f'The same data and weights; means over {WINDOW} updates')
  figure.savefig(path)


if __name__ == '__main__':
  cli.run(main, 'episodes', 'output')
