"""Factories of the world model, its objectives and its optimizer."""

import contextlib
import random
from collections.abc import Collection, Iterable, Iterator, Mapping

import keras

from planet_tf.config.factories import components_of
from planet_tf.config.model_settings import (
  WorldModelSettings,
  make_world_model_settings,
)
from planet_tf.config.registry import ConfigurationError, configurable
from planet_tf.control.simulate import Envs
from planet_tf.models import DRNN, RNN, RSSM, SSM, LatentDynamics, Wiring
from planet_tf.networks import Decoder, Encoder, FeedForward
from planet_tf.objectives import Objectives
from planet_tf.ops.auto import (
  choose_jit_compile,
  choose_num_splits,
  choose_precision,
)
from planet_tf.ops.linear_ramp import LinearRamp
from planet_tf.world_model import WorldModel

make_objectives = configurable(Objectives, name='make_objectives')


def make_model_for(envs: Mapping[str, Envs], seed: int) -> WorldModel:
  """Returns a compiled model with fresh weights for some environments.

  Args:
    envs: Environments by task, with actions of one size.
    seed: Seed of the run.
  """
  first = next(iter(envs.values()))
  model = make_world_model(
    first.action_spec.shape[0], components=components_of(envs), seed=seed
  )
  compile_model(model)
  return model


def make_world_model(
  action_size: int,
  *,
  settings: WorldModelSettings | None = None,
  components: Mapping[str, int] | None = None,
  seed: int = 0,
) -> WorldModel:
  """Returns a world model with fresh weights.

  Args:
    action_size: Size A of one action.
    settings: Settings of the model; those of the current configuration by
      default.
    components: Sizes of the components of the simulator's state, by name.
    seed: Seed of the weights and of the random numbers of training.

  Raises:
    ConfigurationError: A setting is out of range, or it needs components.
  """
  settings = settings or make_world_model_settings()
  # First, because it sets TensorFlow's thread counts.
  num_splits = choose_num_splits(settings.num_splits)
  with _initial_weights_from(seed):
    # The order decides the initial weights.
    encoder, dynamics = Encoder(), _make_dynamics(settings)
    heads = _make_heads(settings, components)
    _check_heads(
      'make_world_model.gradient_heads', settings.gradient_heads, heads
    )
    return WorldModel(
      encoder,
      dynamics,
      heads,
      action_size=action_size,
      frozen_heads=set(heads) - set(settings.gradient_heads),
      image_bits=settings.image_bits,
      precision=choose_precision(settings.precision),
      num_splits=num_splits,
      jit_compile=choose_jit_compile(settings.jit_compile),
      seed=seed,
    )


def _make_dynamics(settings: WorldModelSettings) -> LatentDynamics:
  state, belief = settings.state_size, settings.belief_size
  embed, activation = settings.embed_size, _activation(settings)
  mean_only, min_stddev = settings.mean_only, settings.min_stddev
  match settings.dynamics:
    case 'rssm':
      return RSSM(
        state,
        belief,
        embed,
        num_layers=settings.dynamics_layers,
        future_rnn=settings.future_rnn,
        activation=activation,
        mean_only=mean_only,
        min_stddev=min_stddev,
      )
    case 'ssm':
      return SSM(
        state,
        embed,
        activation=activation,
        mean_only=mean_only,
        min_stddev=min_stddev,
      )
    case 'drnn':
      return DRNN(
        state,
        belief,
        embed,
        wiring=make_drnn_wiring(),
        mean_only=mean_only,
        min_stddev=min_stddev,
      )
    case 'rnn':
      return RNN(belief, embed, activation=activation)


def _make_heads(
  settings: WorldModelSettings, components: Mapping[str, int] | None
) -> dict[str, keras.layers.Layer]:
  if settings.state_diagnostics and components == {}:
    raise ConfigurationError(
      'make_world_model.state_diagnostics=True needs components of the '
      "simulator's state, but the task has only images, or there are several "
      'tasks; set it to False.'
    )
  layers, units = settings.head_layers, settings.head_units
  activation = _activation(settings)
  low, high = settings.reward_bounds
  heads = {
    'image': Decoder(),
    'reward': FeedForward(
      num_layers=layers,
      units=units,
      activation=activation,
      likelihood=settings.reward_likelihood,
      stddev=settings.reward_stddev,
      low=low,
      high=high,
    ),
  }
  # Last, so that the weights of the other layers stay the same.
  if settings.state_diagnostics:
    for name, size in sorted((components or {}).items()):
      heads[name] = FeedForward(
        size, num_layers=layers, units=units, activation=activation
      )
  return heads


def _activation(settings: WorldModelSettings) -> str:
  return 'linear' if settings.activation == 'none' else settings.activation


def _check_heads(
  setting: str, names: Iterable[str], heads: Collection[str]
) -> None:
  for name in names:
    if name not in heads:
      raise ConfigurationError(
        f'{setting} names {name!r}, but the heads are {", ".join(heads)}.'
      )


@configurable
def make_drnn_wiring(
  *,
  encoder_to_decoder: bool,
  sample_to_sample: bool,
  sample_to_encoder: bool,
  decoder_to_encoder: bool,
  decoder_to_sample: bool,
  action_to_decoder: bool,
) -> Wiring:
  """Returns the wiring of a DRNN; the arguments are those of `Wiring`."""
  return Wiring(
    encoder_to_decoder,
    sample_to_sample,
    sample_to_encoder,
    decoder_to_encoder,
    decoder_to_sample,
    action_to_decoder,
  )


@contextlib.contextmanager
def _initial_weights_from(seed: int) -> Iterator[None]:
  """Context in which a seed decides initial weights.

  Keras draws the seeds of initializers from Python's global generator, which
  has its old state afterwards.
  """
  state = random.getstate()
  random.seed(seed)
  try:
    yield
  finally:
    random.setstate(state)


@configurable
def compile_model(
  model: WorldModel,
  *,
  learning_rate: float,
  learning_rate_ramp: int,
  epsilon: float,
  clip_norm: float,
) -> None:
  """Compiles a model with Adam and the objectives of the configuration.

  Args:
    model: The world model.
    learning_rate: Learning rate of Adam, also for frozen heads.
    learning_rate_ramp: Updates over which the learning rate rises from 0; if
      negative, over which it falls to 0; 0 for a constant one.
    epsilon: Epsilon of Adam.
    clip_norm: Maximum global norm of the gradients.
  """
  for name, value in (
    ('learning_rate', learning_rate),
    ('epsilon', epsilon),
    ('clip_norm', clip_norm),
  ):
    if value <= 0:
      raise ValueError(f'{name} must be above 0, got {value}.')
  objectives = make_objectives()
  _check_heads(
    'make_objectives.head_scales', objectives.head_scales, model.heads
  )
  rate: float | LinearRamp = learning_rate
  if learning_rate_ramp:
    rate = LinearRamp(learning_rate, learning_rate_ramp)
  optimizers = [keras.optimizers.Adam(rate, epsilon=epsilon) for _ in range(2)]
  model.compile(optimizers[0], objectives, clip_norm, optimizers[1])
