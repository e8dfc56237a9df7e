"""What TensorBoard shows of a run beside its curves: settings and a layout."""

from collections.abc import Mapping

import tensorflow as tf
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import summary as custom_scalar
from tensorboard.plugins.hparams import api as hparams

# Category -> chart -> tags as regular expressions. The page `Custom Scalars`
# shows them in this order, those of all chosen runs in one chart.
LAYOUT = {
  'Return': {
    'return: tests without noise, training data with it': [r'return(/.*)?'],
    'return, median of a test': [r'return_median'],
  },
  'Losses': {
    'image loss': [r'image_loss'],
    'reward loss': [r'reward_loss'],
    'KL of the posterior from the prior': [r'kl'],
    'entropies': [r'(prior|posterior)_entropy'],
    'gradient norm': [r'gradient_norm'],
  },
  'Open loop': {
    'error of predicted images, 1 / 4 / 12 ahead': [
      r'open_loop_image_error/.*'
    ],
    'error of predicted rewards': [r'open_loop_reward_error/.*'],
    'log likelihood of images': [r'(prior|posterior|open_loop)/image_log_prob'],
  },
  'Time and data': {
    'seconds per update, waiting for data': [
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

# Settings that the page `HParams` shows before all others.
FIRST = ('train.task', 'train.seed', 'make_world_model.dynamics')


def write(
  writer: tf.summary.SummaryWriter,
  name: str,
  settings: Mapping[str, object],
  operative: str,
) -> None:
  """Writes the layout and the settings of a run.

  Args:
    writer: Where the run's tests are recorded.
    name: Name of the run, another one for each.
    settings: Settings by name; the page `HParams` compares runs by them.
    operative: Text of the settings that are in use; the page `Text`.
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
  names = sorted(settings, key=lambda x: (not x.startswith(FIRST), x))
  hparams.hparams_config(
    [hparams.HParam(name) for name in names], [hparams.Metric('return')]
  )
  values = {name: _plain(settings[name]) for name in names}
  hparams.hparams(values, trial_id=name)


def _plain(value: object) -> bool | float | str:
  """A setting as HParams takes it."""
  return value if isinstance(value, (bool, int, float, str)) else repr(value)
