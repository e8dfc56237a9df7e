"""Makes the world model and its optimizer from the settings in gin files."""

import contextlib
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import keras

from planet_tf.config.factories import components_of
from planet_tf.config.registry import configurable
from planet_tf.control.simulate import Envs
from planet_tf.models import DRNN, RNN, RSSM, SSM, Wiring
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
  """Makes a model with fresh weights, compiled, for some environments.

  Args:
    envs: Environments by task, with actions of one size.
    seed: Seed of the run.

  Returns:
    The model.
  """
  first = next(iter(envs.values()))
  model = make_world_model(
    first.action_spec.shape[0], components=components_of(envs), seed=seed
  )
  compile_model(model)
  return model


@configurable
def make_world_model(
  action_size: int,
  *,
  dynamics: Literal['rssm', 'ssm', 'drnn', 'rnn'],
  state_size: int,
  belief_size: int,
  embed_size: int,
  dynamics_layers: int,
  future_rnn: bool,
  mean_only: bool,
  min_stddev: float,
  activation: Literal['relu', 'elu', 'tanh', 'swish', 'softplus', 'none'],
  head_layers: int,
  head_units: int,
  reward_likelihood: Literal[
    'normal', 'truncated_normal', 'tanh_normal', 'deterministic'
  ],
  reward_stddev: float | Literal['learned'],
  state_diagnostics: bool,
  gradient_heads: Sequence[str],
  image_bits: int,
  precision: Literal['float32', 'bfloat16', 'auto'],
  num_splits: int | Literal['auto'],
  jit_compile: bool | Literal['auto'],
  components: Mapping[str, int] | None = None,
  seed: int = 0,
) -> WorldModel:
  """Makes a world model with fresh weights.

  Args:
    action_size: Size A of one action.
    dynamics: Latent dynamics model; `planet_tf.models` describes them.
    state_size: Stochastic size S; the `rnn` has none.
    belief_size: Deterministic size D; the `ssm` has none.
    embed_size: Units of the hidden layers of the dynamics.
    dynamics_layers: `rssm`: layers before and after the GRU and in the
      posterior.
    future_rnn: `rssm`: compute the prior from the GRU's output.
    mean_only: Samples are means.
    min_stddev: Added to the softplus that yields standard deviations.
    activation: Activation of the dynamics (except for `drnn`) and the heads.
    head_layers: Hidden layers of the heads of low dimension.
    head_units: Units of each.
    reward_likelihood: Distribution of the reward.
    reward_stddev: Its standard deviation, or `learned`.
    state_diagnostics: Predict the components of the simulator's state, too.
    gradient_heads: Names of the heads that train the latents; the others only
      read them.
    image_bits: Colour depth to which images are reduced, 1 to 8.
    precision: Type of the products of convolutions, and of all products while
      planning; `auto` for the faster one on this machine. Everything else is
      float32.
    num_splits: Independent parts into which updates and plans are split, one
      thread each; `auto` for one per core. It sets TensorFlow's thread counts,
      so it must come before TensorFlow's first operation.
    jit_compile: Whether XLA compiles updates and plans; `auto` for GPUs alone.
    components: Sizes of the components of the simulator's state, by name.
    seed: Seed of the weights and of the draws of training; the seed of a run
      for its trainer.

  Returns:
    The model, all variables created.
  """
  num_splits = choose_num_splits(num_splits)  # First, as it sets the threads.
  activation = 'linear' if activation == 'none' else activation
  with _initial_weights_from(seed):
    sampling = {'mean_only': mean_only, 'min_stddev': min_stddev}
    sizes = (state_size, belief_size, embed_size)
    makers = {
      'rssm': lambda: RSSM(
        *sizes,
        num_layers=dynamics_layers,
        future_rnn=future_rnn,
        activation=activation,
        **sampling,
      ),
      'ssm': lambda: SSM(
        state_size, embed_size, activation=activation, **sampling
      ),
      'drnn': lambda: DRNN(*sizes, wiring=make_drnn_wiring(), **sampling),
      'rnn': lambda: RNN(belief_size, embed_size, activation=activation),
    }
    hidden = {
      'num_layers': head_layers,
      'units': head_units,
      'activation': activation,
    }
    # What is optional comes last: it does not change the weights before it.
    encoder, latents = Encoder(), makers[dynamics]()
    heads = {
      'image': Decoder(),
      'reward': FeedForward(
        likelihood=reward_likelihood, stddev=reward_stddev, **hidden
      ),
    }
    if state_diagnostics:
      if components == {}:
        raise ValueError(
          "state_diagnostics needs components of the simulator's state; a task "
          'of images alone has none, and several tasks share none.'
        )
      for name, size in sorted((components or {}).items()):
        heads[name] = FeedForward(size, **hidden)
    _check_names('gradient_heads', gradient_heads, heads)
    return WorldModel(
      encoder,
      latents,
      heads,
      action_size=action_size,
      frozen_heads=set(heads) - set(gradient_heads),
      image_bits=image_bits,
      precision=choose_precision(precision),
      num_splits=num_splits,
      jit_compile=choose_jit_compile(jit_compile),
      seed=seed,
    )


def _check_names(
  setting: str, names: Iterable[str], known: Collection[str]
) -> None:
  for name in names:
    if name not in known:
      raise ValueError(
        f'{setting} names {name!r}, which is none of the heads '
        f'{", ".join(known)}.'
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
  """Makes the wiring of a DRNN; the arguments are those of `Wiring`."""
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
  """Seeds the weights made inside, and leaves other randomness as it was.

  Keras draws the seeds of initialisers from Python's global generator.
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
  """Gives a model its optimizer and objectives.

  Args:
    model: The world model.
    learning_rate: Learning rate of Adam, also for frozen heads.
    learning_rate_ramp: Updates over which it rises from 0 to that; if
      negative, over which it falls from that to 0; 0 for neither.
    epsilon: Epsilon of Adam.
    clip_norm: Largest global norm of the gradients.
  """
  for name, value in (
    ('learning_rate', learning_rate),
    ('epsilon', epsilon),
    ('clip_norm', clip_norm),
  ):
    if value <= 0:
      raise ValueError(f'{name} must be above 0, got {value}.')
  objectives = make_objectives()
  _check_names(
    'make_objectives.head_scales', objectives.head_scales, model.heads
  )
  rate = learning_rate
  if learning_rate_ramp:
    rate = LinearRamp(learning_rate, learning_rate_ramp)
  optimizers = [keras.optimizers.Adam(rate, epsilon=epsilon) for _ in range(2)]
  model.compile(optimizers[0], objectives, clip_norm, optimizers[1])
