"""Writes the settings of a run and a layout of charts for TensorBoard."""

from collections.abc import Mapping

import tensorflow as tf
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import summary as custom_scalar
from tensorboard.plugins.hparams import api as hparams

# Category -> chart -> regular expressions of tags. The page `Custom Scalars`
# shows the charts in this order, with the curves of all selected runs.
LAYOUT = {
  'Return': {
    'return: evaluation without noise, training data with noise': [
      r'return(/.*)?'
    ],
    'return: median of an evaluation': [r'return_median'],
  },
  'Losses': {
    'image loss': [r'image_loss'],
    'reward loss': [r'reward_loss'],
    'KL divergence of posterior and prior': [r'kl'],
    'entropies of prior and posterior': [r'(prior|posterior)_entropy'],
    'gradient norm': [r'gradient_norm'],
  },
  'Open loop': {
    'error of predicted images, 1 / 4 / 12 decisions ahead': [
      r'open_loop_image_error/.*'
    ],
    'error of predicted rewards': [r'open_loop_reward_error/.*'],
    'log likelihood of images': [r'(prior|posterior|open_loop)/image_log_prob'],
  },
  'Time and data': {
    'seconds per update and waiting for data': [
      r'seconds_per_update',
      r'seconds_waiting_for_data',
    ],
    'seconds per decision': [
      r'seconds_per_decision(/.*)?',
      r'seconds_per_env_decision(/.*)?',
    ],
    'episodes': [r'counters/episodes'],
  },
}

# Settings that the page `HParams` shows first.
FIRST_SETTINGS = ('train.task', 'train.seed', 'make_world_model.dynamics')


def write(
  writer: tf.summary.SummaryWriter,
  name: str,
  settings: Mapping[str, object],
  operative: str,
) -> None:
  """Writes the layout and the settings of a run.

  Args:
    writer: Writer of the split `test`.
    name: Unique name of the run.
    settings: All settings by name, for the page `HParams`.
    operative: Text of the settings that the run uses, for the page `Text`.
  """
  with writer.as_default(step=0):
    _write_layout()
    _write_settings(settings, name)
    indented = operative.replace('\n', '\n    ')
    tf.summary.text('operative_config', f'    {indented}')


def _write_layout() -> None:
  layout = layout_pb2.Layout(
    category=[
      layout_pb2.Category(
        title=category,
        chart=[
          layout_pb2.Chart(
            title=title,
            multiline=layout_pb2.MultilineChartContent(
              tag=[f'^{tag}$' for tag in tags]
            ),
          )
          for title, tags in charts.items()
        ],
      )
      for category, charts in LAYOUT.items()
    ]
  )
  summary = custom_scalar.pb(layout).SerializeToString()
  tf.summary.experimental.write_raw_pb(summary)


def _write_settings(settings: Mapping[str, object], name: str) -> None:
  names = sorted(settings, key=lambda x: (not x.startswith(FIRST_SETTINGS), x))
  hparams.hparams_config(
    [hparams.HParam(name) for name in names], [hparams.Metric('return')]
  )
  values = {name: _plain(settings[name]) for name in names}
  hparams.hparams(values, trial_id=name)


def _plain(value: object) -> bool | float | str:
  """Returns a setting as a type that HParams supports."""
  return value if isinstance(value, (bool, int, float, str)) else repr(value)
