"""Records predictions as images and histograms in TensorBoard.

Source: original: training/define_summaries.py and tools/summary.py.
"""

from planet_tf.logs import images
from planet_tf.logs.predictions import NAMES, Predictions
from planet_tf.logs.recorder import Recorder
from planet_tf.runs.counters import Counters


def record_predictions(
  recorder: Recorder, counters: Counters, predictions: Predictions, context: int
) -> None:
  """Records images, plots and histograms of the predictions for a batch.

  Args:
    recorder: Recorder of the run.
    counters: Counters of the run.
    predictions: Predictions, as arrays.
    context: Number of frames that the model observed.
  """
  for name in NAMES:
    if name == 'open_loop':
      record_open_loop(recorder, counters, name, predictions, context)
    else:
      _record_images(recorder, counters, name, predictions, name)
    prediction = predictions.by_name[name]
    values = {**prediction.heads, 'entropy': prediction.entropy}
    del values['image']
    for key, numbers in values.items():
      recorder.histogram('test', counters, f'{name}/{key}', numbers)


def record_open_loop(
  recorder: Recorder,
  counters: Counters,
  tag: str,
  predictions: Predictions,
  context: int,
) -> None:
  """Records images and plots of the open-loop prediction.

  Args:
    recorder: Recorder of the run.
    counters: Counters of the run.
    tag: Prefix of the names.
    predictions: Predictions, as arrays.
    context: Number of frames that the model observed.
  """
  _record_images(recorder, counters, tag, predictions, 'open_loop')
  prediction = predictions.by_name['open_loop']
  heads = {k: x for k, x in prediction.heads.items() if k != 'image'}
  log_probs = {k: prediction.log_probs[k] for k in heads}
  plot = images.trajectories(predictions.truth, heads, log_probs, context)
  recorder.image('test', counters, f'{tag}/trajectories', plot)


def _record_images(
  recorder: Recorder,
  counters: Counters,
  tag: str,
  predictions: Predictions,
  name: str,
) -> None:
  """Records the images of one prediction as a strip and as an animation."""
  truth = predictions.truth['image']
  predicted = predictions.by_name[name].heads['image']
  strip = images.strip(truth, predicted)
  recorder.image('test', counters, f'{tag}/strip', strip)
  animation = images.frames(truth, predicted)
  recorder.animation('test', counters, f'{tag}/animation', animation)
