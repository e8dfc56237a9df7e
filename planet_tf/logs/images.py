"""Pictures of what the model predicts, for TensorBoard.

Source: paper, figures 10 and 11; original: tools/summary.py and
tools/image_strip_summary.py.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

COLUMNS = 6  # Chunks that are shown side by side.


def frames(
  truth: np.ndarray, predicted: np.ndarray, limit: int = COLUMNS
) -> np.ndarray:
  """Arranges truth, prediction, change and error, one column per chunk.

  Args:
    truth: Images in [0, 1], [B, T, 64, 64, 3].
    predicted: The same, predicted.
    limit: Largest number of chunks to show.

  Returns:
    Animation, uint8 [T, 4 * 64, B * 64, 3]: truth above prediction, its change
    since the frame before, and its error. In both of these, grey is none.
  """
  truth, predicted = truth[:limit], predicted[:limit]
  change = np.diff(predicted, axis=1, prepend=predicted[:, :1])
  shown = [
    truth,
    predicted,
    (change + 1.0) / 2.0,
    (predicted - truth + 1.0) / 2.0,
  ]
  rows = [np.concatenate(list(_bytes(image)), 2) for image in shown]
  return np.concatenate(rows, 1)


def strip(
  truth: np.ndarray, predicted: np.ndarray, columns: int = 12
) -> np.ndarray:
  """Lays the first chunk out in time, with the rows of `frames`.

  Args:
    truth: Images in [0, 1], [B, T, 64, 64, 3].
    predicted: The same, predicted.
    columns: Largest number of frames to show, evenly spaced.

  Returns:
    Picture, uint8 [4 * 64, columns * 64, 3].
  """
  animation = frames(truth, predicted, limit=1)
  count = min(columns, len(animation))
  chosen = np.linspace(0, len(animation) - 1, count).round().astype(int)
  return np.concatenate([animation[index] for index in chosen], 1)


def trajectories(
  truth: Mapping[str, np.ndarray],
  predicted: Mapping[str, np.ndarray],
  log_probs: Mapping[str, np.ndarray],
  context: int,
) -> np.ndarray:
  """Plots what small heads predict open loop for the first chunk.

  Args:
    truth: Values by name, [B, T] or [B, T, size].
    predicted: The same, predicted.
    log_probs: Log likelihoods by name, [B, T].
    context: Number of frames that the model saw.

  Returns:
    Picture, uint8 [height, width, 3]: one plot for each number, then the log
    likelihoods.
  """
  lines = []
  for name, value in sorted(predicted.items()):
    steps = value.shape[1]
    both = (np.reshape(x[0], (steps, -1)) for x in (truth[name], value))
    columns = list(zip(*(x.T for x in both), strict=True))
    for index, (true, guess) in enumerate(columns):
      title = f'{name} {index}' if len(columns) > 1 else name
      lines.append((title, {'truth': true, 'prediction': guess}))
  lines += [
    (f'{name}, log likelihood', {'': values[0]})
    for name, values in sorted(log_probs.items())
  ]
  figure = Figure(figsize=(6, 1.6 * len(lines)), dpi=80, layout='constrained')
  axes = figure.subplots(len(lines), squeeze=False, sharex=True)[:, 0]
  for axis, (title, curves) in zip(axes, lines, strict=True):
    axis.set_title(title, fontsize='small')
    axis.axvspan(-0.5, context - 0.5, color='0.9')  # What the model saw.
    for label, curve in curves.items():
      axis.plot(curve, label=label or None)
  axes[0].legend(frameon=False, fontsize='small')
  axes[-1].set_xlabel('decisions; grey: seen')
  canvas = FigureCanvasAgg(figure)
  canvas.draw()
  return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _bytes(image: np.ndarray) -> np.ndarray:
  return np.clip(np.rint(np.asarray(image) * 255.0), 0, 255).astype(np.uint8)
