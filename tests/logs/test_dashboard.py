"""Tests of the layout, settings and images in TensorBoard."""

import re

import pytest
from tensorboard.backend.event_processing.event_accumulator import (
  EventAccumulator,
)
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2

from planet_tf.analysis import read_metrics
from planet_tf.logs import dashboard


@pytest.fixture(scope='module')
def run(debug_run):
  events = EventAccumulator(str(debug_run / 'test'), {'tensors': 0})
  events.Reload()
  return debug_run, events


def _plugin_data(events, tag):
  return events.summary_metadata[tag].plugin_data


def test_layout_matches_recorded_tags(run):
  folder, events = run
  (event,) = events.Tensors('custom_scalars__config__')
  layout = layout_pb2.Layout.FromString(event.tensor_proto.string_val[0])
  assert [x.title for x in layout.category] == list(dashboard.LAYOUT)
  recorded = {name for line in read_metrics(folder) for name in line}
  recorded |= {'counters/episodes'}
  for category in layout.category:
    for chart in category.chart:
      for tag in chart.multiline.tag:
        assert any(re.search(tag, name) for name in recorded), tag


def test_settings_are_hyperparameters_and_text(run):
  _, events = run
  content = _plugin_data(events, '_hparams_/session_start_info').content
  data = plugin_data_pb2.HParamsPluginData.FromString(content)
  hparams = data.session_start_info.hparams
  assert hparams['make_planner.horizon'].number_value == 6
  assert hparams['train.task'].string_value == 'dummy'
  assert hparams['make_world_model.gradient_heads'].string_value == (
    "('image', 'reward')"
  )
  (event,) = events.Tensors('operative_config')
  assert b'make_planner.horizon = 6' in event.tensor_proto.string_val[0]


def test_long_predictions_are_recorded(run):
  _, events = run
  for name in ('strip', 'animation', 'trajectories'):
    (event, *_) = events.Tensors(f'open_loop_long/{name}')
    width, _, image = event.tensor_proto.string_val
    assert int(width) >= 64 and len(image) > 1000
