"""Settings of the world model: `make_world_model.*` in gin files."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

from planet_tf.config.registry import configurable


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorldModelSettings:
  """Settings of the world model.

  Attributes:
    dynamics: Latent dynamics model; see `planet_tf.models`.
    state_size: Stochastic size S; the `rnn` has none.
    belief_size: Deterministic size D; the `ssm` has none.
    embed_size: Units of the hidden layers of the dynamics.
    dynamics_layers: `rssm`: layers before and after the GRU and in the
      posterior.
    future_rnn: `rssm`: whether the prior is computed from the GRU's output.
    mean_only: Whether samples are means.
    min_stddev: Added to the softplus that yields standard deviations.
    activation: Activation of the dynamics (except for `drnn`) and the heads.
    head_layers: Hidden layers of the heads of low dimension.
    head_units: Units of each.
    reward_likelihood: Distribution of the reward.
    reward_stddev: Standard deviation of the reward, or `learned`.
    reward_bounds: Lower and upper bound of the reward if its likelihood is
      `truncated_normal`; rewards outside have no finite loss.
    state_diagnostics: Whether heads predict the components of the simulator's
      state.
    gradient_heads: Names of the heads whose gradients reach the latents.
    image_bits: Color depth to which images are reduced, 1 to 8.
    precision: Type of the products of convolutions, and of all products while
      planning; `auto` for the faster one on this machine. Everything else is
      float32.
    num_splits: Independent parts into which updates and plans are split, one
      thread each; `auto` for one per core. This sets TensorFlow's thread
      counts, so it has to precede TensorFlow's first operation.
    jit_compile: Whether XLA compiles updates and plans; `auto` for on GPUs
      only.
  """

  dynamics: Literal['rssm', 'ssm', 'drnn', 'rnn']
  state_size: int
  belief_size: int
  embed_size: int
  dynamics_layers: int
  future_rnn: bool
  mean_only: bool
  min_stddev: float
  activation: Literal['relu', 'elu', 'tanh', 'swish', 'softplus', 'none']
  head_layers: int
  head_units: int
  reward_likelihood: Literal['normal', 'truncated_normal']
  reward_stddev: float | Literal['learned']
  reward_bounds: Sequence[float]
  state_diagnostics: bool
  gradient_heads: Sequence[str]
  image_bits: int
  precision: Literal['float32', 'bfloat16', 'auto']
  num_splits: int | Literal['auto']
  jit_compile: bool | Literal['auto']

  def __post_init__(self) -> None:
    counts = ('state_size', 'belief_size', 'embed_size', 'dynamics_layers')
    for name in (*counts, 'head_units'):
      if getattr(self, name) < 1:
        raise ValueError(
          f'{name} must be at least 1, got {getattr(self, name)}.'
        )
    if self.head_layers < 0:
      raise ValueError(
        f'head_layers must be at least 0, got {self.head_layers}.'
      )
    if not 1 <= self.image_bits <= 8:
      raise ValueError(f'image_bits must be 1 to 8, got {self.image_bits}.')
    if self.reward_stddev != 'learned' and self.reward_stddev <= 0:
      raise ValueError(
        f"reward_stddev must be above 0 or 'learned', got {self.reward_stddev}."
      )
    if len(self.reward_bounds) != 2 or not (
      self.reward_bounds[0] < self.reward_bounds[1]
    ):
      raise ValueError(
        'reward_bounds must be a lower and a higher number, got '
        f'{tuple(self.reward_bounds)}.'
      )
    if self.num_splits != 'auto' and self.num_splits < 1:
      raise ValueError(
        f"num_splits must be at least 1 or 'auto', got {self.num_splits}."
      )


make_world_model_settings = configurable(
  WorldModelSettings, name='make_world_model'
)
