"""Draws images of predictions for TensorBoard.

Source: paper, figures 10 and 11; original: tools/summary.py and
tools/image_strip_summary.py.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

MAX_CHUNKS = 6  # Largest number of chunks in one animation.


def frames(
  truth: np.ndarray, predicted: np.ndarray, max_chunks: int = MAX_CHUNKS
) -> np.ndarray:
  """Returns an animation with one column per chunk.

  The rows are the true image, the predicted image, the change of the predicted
  image since the previous frame, and the error. In the last two rows, gray
  stands for zero.

  Args:
    truth: Images in [0, 1], [B, T, 64, 64, 3].
    predicted: Predicted images in [0, 1], [B, T, 64, 64, 3].
    max_chunks: Largest number of chunks to show.

  Returns:
    Frames, uint8 [T, 4 * 64, B * 64, 3].
  """
  truth, predicted = truth[:max_chunks], predicted[:max_chunks]
  change = np.diff(predicted, axis=1, prepend=predicted[:, :1])
  shown = [
    truth,
    predicted,
    (change + 1.0) / 2.0,
    (predicted - truth + 1.0) / 2.0,
  ]
  rows = [np.concatenate(list(_to_uint8(image)), 2) for image in shown]
  return np.concatenate(rows, 1)


def strip(
  truth: np.ndarray, predicted: np.ndarray, columns: int = 12
) -> np.ndarray:
  """Returns an image of the first chunk with one column per frame.

  The rows are those of `frames`.

  Args:
    truth: Images in [0, 1], [B, T, 64, 64, 3].
    predicted: Predicted images in [0, 1], [B, T, 64, 64, 3].
    columns: Largest number of frames to show, evenly spaced.

  Returns:
    Image, uint8 [4 * 64, columns * 64, 3].
  """
  animation = frames(truth, predicted, max_chunks=1)
  count = min(columns, len(animation))
  chosen = np.linspace(0, len(animation) - 1, count).round().astype(int)
  return np.concatenate([animation[index] for index in chosen], 1)


def trajectories(
  truth: Mapping[str, np.ndarray],
  predicted: Mapping[str, np.ndarray],
  log_probs: Mapping[str, np.ndarray],
  context: int,
) -> np.ndarray:
  """Returns plots of the open-loop predictions for the first chunk.

  There is one plot for each predicted number, and one for the log likelihood
  of each head.

  Args:
    truth: True values by head, [B, T] or [B, T, size].
    predicted: Predicted values by head, [B, T] or [B, T, size].
    log_probs: Log likelihoods by head, [B, T].
    context: Number of frames that the model observed.

  Returns:
    Image, uint8 [height, width, 3].
  """
  plots = []
  for name, value in sorted(predicted.items()):
    steps = value.shape[1]
    both = (np.reshape(x[0], (steps, -1)) for x in (truth[name], value))
    columns = list(zip(*(x.T for x in both), strict=True))
    for index, (true, guess) in enumerate(columns):
      title = f'{name} {index}' if len(columns) > 1 else name
      plots.append((title, {'truth': true, 'prediction': guess}))
  plots += [
    (f'{name}, log likelihood', {'': values[0]})
    for name, values in sorted(log_probs.items())
  ]
  figure = Figure(figsize=(6, 1.6 * len(plots)), dpi=80, layout='constrained')
  axes = figure.subplots(len(plots), squeeze=False, sharex=True)[:, 0]
  for axis, (title, curves) in zip(axes, plots, strict=True):
    axis.set_title(title, fontsize='small')
    axis.axvspan(-0.5, context - 0.5, color='0.9')  # Observed frames.
    for label, curve in curves.items():
      axis.plot(curve, label=label or None)
  axes[0].legend(frameon=False, fontsize='small')
  axes[-1].set_xlabel('decisions; gray: observed')
  canvas = FigureCanvasAgg(figure)
  canvas.draw()
  return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _to_uint8(image: np.ndarray) -> np.ndarray:
  return np.clip(np.rint(np.asarray(image) * 255.0), 0, 255).astype(np.uint8)
