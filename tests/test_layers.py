"""Conformance tests: what every layer must do as a Keras layer."""

import dataclasses
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import planet_tf.models
import planet_tf.networks
from planet_tf.models import DRNN, RNN, RSSM, SSM, LatentDynamics, Wiring
from planet_tf.models.layers import Gaussian, GRUBlockCell, PrecomputedDense
from planet_tf.networks import Decoder, Encoder, FeedForward
from planet_tf.networks.convolution import (
  PointConv2DTranspose,
  StridedConv2D,
  StridedConv2DTranspose,
)
from planet_tf.ops import precision
from planet_tf.ops.linear_ramp import LinearRamp
from planet_tf.ops.precision import MixedDense, autocast

BATCH, LENGTH, ACTION, EMBEDDING = 3, 3, 2, 9


@dataclasses.dataclass(frozen=True)
class Case:
  """A layer, the arguments of `build`, and a call on inputs [B, ..]."""

  make: Callable[[], keras.layers.Layer]
  shapes: tuple[tuple[int | None, ...], ...]
  inputs: Callable[[keras.layers.Layer], Any]
  call: Callable[..., Any] = lambda layer, *inputs: layer(*inputs)


def _plain(make, *shapes):
  """A layer that is built for the shape of its first input."""
  return Case(make, ((None, *shapes[0]),), lambda layer: shapes)


def _with_precomputed(layer, first, second):
  return layer(first, layer.precompute(second))


def _gru(layer, inputs, state):
  """Calls a GRU with whole, zero and precomputed first columns."""
  first, rest = inputs[:, :2], inputs[:, 2:]
  return [
    layer(inputs, state),
    layer(rest, state),
    layer(rest, state, layer.precompute(first)),
  ]


def _head(layer, features, value):
  return layer(features), layer.log_prob(features, value)


def _step_and_sequence(layer, state, actions, embeddings, noise):
  noise = tf.transpose(noise, (1, 0, 2, 3))
  step = layer(state, actions[:, 0], embeddings[:, 0], noise[:, :, 0])
  sequence = layer.observe(embeddings, actions, noise, state)
  future = layer.imagine(actions, noise[0], step[1])
  return step, sequence, future, layer.features(step[1])


def _dynamics(make):
  def inputs(layer):
    return (
      {name: (size,) for name, size in layer.state_sizes.items()},
      (LENGTH, ACTION),
      (LENGTH, EMBEDDING),
      (2, LENGTH, layer.stochastic_size),
    )

  shapes = ((None, ACTION), (None, EMBEDDING))
  return Case(make, shapes, inputs, _step_and_sequence)


def _feed_forward(*value, **options):
  return Case(
    lambda: FeedForward(*value, num_layers=2, units=7, **options),
    ((None, 6),),
    lambda layer: ((4, 6), (4, *value)),
    _head,
  )


CASES = {
  'dense': _plain(lambda: MixedDense(4, 'relu'), (6,)),
  'convolution': _plain(lambda: StridedConv2D(4, 4, 'relu'), (14, 14, 3)),
  'transposed_convolution': _plain(
    lambda: StridedConv2DTranspose(3, 6), (8, 8, 4)
  ),
  'point_transposed_convolution': _plain(
    lambda: PointConv2DTranspose(4, 5), (6,)
  ),
  'encoder': _plain(Encoder, (64, 64, 3)),
  'decoder': _plain(Decoder, (6,)),
  'scalar_head': _feed_forward(),
  'vector_head': _feed_forward(2, stddev='learned', activation='elu'),
  'bounded_head': _feed_forward(
    likelihood='truncated_normal', low=-9.0, high=9.0
  ),
  'gaussian': _plain(lambda: Gaussian(4, min_stddev=0.2), (6,), (4,)),
  'gru': Case(
    lambda: GRUBlockCell(4), ((None, 6),), lambda layer: ((6,), (4,)), _gru
  ),
  'precomputed_dense': Case(
    lambda: PrecomputedDense(4, 'tanh'),
    ((None, 6),),
    lambda layer: ((2,), (4,)),
    _with_precomputed,
  ),
  'rssm': _dynamics(lambda: RSSM(4, 7, 5)),
  'rssm_with_other_settings': _dynamics(
    lambda: RSSM(
      4,
      7,
      5,
      num_layers=2,
      future_rnn=False,
      activation='elu',
      mean_only=True,
      min_stddev=0.2,
    )
  ),
  'ssm': _dynamics(lambda: SSM(4, 5, activation='elu', min_stddev=0.2)),
  'drnn': _dynamics(
    lambda: DRNN(4, 7, 5, wiring=Wiring(*[True] * 6), min_stddev=0.2)
  ),
  'rnn': _dynamics(lambda: RNN(7, 5, activation='elu')),
}


@keras.saving.register_keras_serializable(package='planet_tf_tests')
class OneLayer(keras.Model):
  """Keras model that holds one layer."""

  def __init__(self, layer, **kwargs):
    super().__init__(**kwargs)
    self.layer = layer
    self.built = True

  def get_config(self):
    layer = keras.saving.serialize_keras_object(self.layer)
    return {**super().get_config(), 'layer': layer}

  @classmethod
  def from_config(cls, config):
    return cls(keras.saving.deserialize_keras_object(config['layer']))


def _is_shape(value):
  return isinstance(value, tuple) and all(isinstance(x, int) for x in value)


def _normal(random, shapes):
  """Replaces the shapes in a nested structure by random tensors."""
  if _is_shape(shapes):
    return tf.constant(random.normal(size=(BATCH, *shapes)), tf.float32)
  if isinstance(shapes, dict):
    return {name: _normal(random, shape) for name, shape in shapes.items()}
  return [_normal(random, shape) for shape in shapes]


def _new_layer(case, seed=1):
  keras.utils.set_random_seed(seed)
  layer = case.make()
  layer.build(*case.shapes)
  return layer


@pytest.fixture(scope='module', params=CASES)
def case(request):
  return CASES[request.param]


@pytest.fixture(scope='module')
def layer(case):
  return _new_layer(case)


@pytest.fixture(scope='module')
def inputs(case, layer):
  return _normal(np.random.default_rng(0), case.inputs(layer))


@pytest.fixture(scope='module')
def expected(case, layer, inputs):
  return case.call(layer, *inputs)


def _assert_close(actual, expected, tolerance=1e-5):
  for one, two in zip(
    tf.nest.flatten(actual), tf.nest.flatten(expected), strict=True
  ):
    np.testing.assert_allclose(one, two, atol=tolerance, rtol=tolerance)


def _row(nested, row):
  """Slices a batch of one row."""
  return tf.nest.map_structure(lambda x: x[row : row + 1], nested)


def _json(value):
  return json.loads(json.dumps(value))


def test_graph_equals_eager(case, layer, inputs, expected):
  call = tf.function(lambda *inputs: case.call(layer, *inputs))
  _assert_close(call(*inputs), expected)


def test_config_restores_the_layer(case, layer, inputs, expected):
  config = _json(keras.saving.serialize_keras_object(layer))
  copy = keras.saving.deserialize_keras_object(config)
  assert type(copy) is type(layer)
  assert _json(keras.saving.serialize_keras_object(copy)) == config
  assert [(v.path, v.shape) for v in copy.variables] == [
    (v.path, v.shape) for v in layer.variables
  ]
  copy.set_weights(layer.get_weights())
  _assert_close(case.call(copy, *inputs), expected, 0)


def test_weights_file_restores_the_weights(
  case, layer, inputs, expected, tmp_path
):
  path = tmp_path / 'layer.weights.h5'
  OneLayer(layer).save_weights(path)
  other = _new_layer(case, seed=2)
  OneLayer(other).load_weights(path)
  _assert_close(case.call(other, *inputs), expected, 0)


def test_keras_file_restores_the_layer(case, layer, inputs, expected, tmp_path):
  path = tmp_path / 'layer.keras'
  OneLayer(layer).save(path)
  loaded = keras.saving.load_model(path).layer
  _assert_close(case.call(loaded, *inputs), expected, 0)


def test_saved_model_computes_the_same(case, layer, inputs, expected, tmp_path):
  archive = keras.export.ExportArchive()
  archive.track(layer)
  archive.add_endpoint(
    'call',
    lambda *inputs: tf.nest.flatten(case.call(layer, *inputs)),
    tf.nest.map_structure(
      lambda x: tf.TensorSpec((None, *x.shape[1:]), x.dtype), inputs
    ),
  )
  archive.write_out(tmp_path, verbose=False)
  loaded = tf.saved_model.load(str(tmp_path))
  _assert_close(loaded.call(*inputs), expected)


def test_rows_of_a_batch_are_independent(case, layer, inputs, expected):
  for row in range(BATCH):
    alone = case.call(layer, *_row(inputs, row))
    _assert_close(alone, _row(expected, row))


def test_bfloat16_is_close_to_float32(case, layer, inputs, expected):
  with autocast('bfloat16'):
    outputs = tf.nest.flatten(case.call(layer, *inputs))
  changed = False
  for low, full in zip(outputs, tf.nest.flatten(expected), strict=True):
    low, full = np.asarray(low, np.float32), np.asarray(full)
    changed |= bool(np.any(low != full))
    np.testing.assert_allclose(low, full, atol=0.03 * np.abs(full).max())
  assert changed


def _layer_classes():
  """All layer classes of the package, without models and base classes."""
  modules = [precision]
  for package in (planet_tf.models, planet_tf.networks):
    for info in pkgutil.iter_modules(package.__path__, f'{package.__name__}.'):
      modules.append(importlib.import_module(info.name))
  return {
    value
    for module in modules
    for value in vars(module).values()
    if inspect.isclass(value)
    and issubclass(value, keras.layers.Layer)
    and value.__module__.startswith('planet_tf.')
    and not inspect.isabstract(value)
  }


def test_all_layers_are_tested_and_registered():
  classes = _layer_classes()
  assert classes == {type(case.make()) for case in CASES.values()}
  assert {RSSM, Encoder, MixedDense} <= classes
  for each in classes:
    name = keras.saving.get_registered_name(each)
    assert name == f'planet_tf>{each.__name__}'


def test_no_layer_has_a_name_of_keras():
  # The dynamics models have their names from the paper.
  layers = [x for x in _layer_classes() if not issubclass(x, LatentDynamics)]
  assert not [x for x in layers if hasattr(keras.layers, x.__name__)]


def test_config_restores_the_learning_rate_schedule():
  config = _json(keras.saving.serialize_keras_object(LinearRamp(2.0, -10)))
  copy = keras.saving.deserialize_keras_object(config)
  assert isinstance(copy, LinearRamp)
  assert float(copy(tf.constant(5))) == 1.0
