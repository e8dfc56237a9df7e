r"""The recurrent state-space model (RSSM).

    Prior:          Posterior:

    (a)             (a)
       \               \
        v               v
    [h]--->[h]      [h]--->[h]
          ^  |            ^  :
         /   v           /   v
      (s)   (s)       (s)   (s)
                             ^
                             :
                            (o)

Round brackets are stochastic, square ones deterministic. Source: paper,
section 3 and figure 2; original: models/rssm.py.
"""

from typing import Any

import keras
import tensorflow as tf

from planet_tf.models.base import LatentDynamics, Shape, State
from planet_tf.models.layers import (
  Gaussian,
  GRUBlockCell,
  Pair,
  PrecomputedDense,
)
from planet_tf.ops.precision import MixedDense, concat


@keras.saving.register_keras_serializable(package='planet_tf')
class RSSM(LatentDynamics):
  """Recurrent state-space model: a GRU path and a stochastic path.

  A state holds `mean`, `stddev` and `sample`, each [.., S], and `belief`
  [.., D], the recurrent state. The stochastic part is computed from the
  belief of the same step; the posterior sees the observation as well.

  Args:
    state_size: Stochastic size S.
    belief_size: Deterministic size D.
    embed_size: Units of the layers around the GRU.
    num_layers: Layers before the GRU, after it, and in the posterior.
    future_rnn: Compute the prior's statistics from the GRU's output; if off,
      from the layers before the GRU.
    activation: Activation of the dense layers.
    mean_only: Take the mean as the sample.
    min_stddev: Added to the softplus that yields standard deviations.
  """

  def __init__(
    self,
    state_size: int,
    belief_size: int,
    embed_size: int,
    *,
    num_layers: int = 1,
    future_rnn: bool = True,
    activation: str = 'relu',
    mean_only: bool = False,
    min_stddev: float = 0.1,
    **kwargs: object,
  ) -> None:
    super().__init__(state_size, mean_only=mean_only, **kwargs)
    if num_layers < 1:
      raise ValueError(f'RSSM num_layers must be at least 1, got {num_layers}.')
    self.belief_size = belief_size
    self.embed_size = embed_size
    self.num_layers = num_layers
    self.future_rnn = future_rnn
    self.activation = activation
    self.min_stddev = min_stddev

    def layers(count: int, prefix: str) -> list[keras.layers.Layer]:
      return [
        MixedDense(embed_size, activation, name=f'{prefix}{index}')
        for index in range(count)
      ]

    options: dict[str, Any]
    options = {'mean_only': mean_only, 'min_stddev': min_stddev}
    self.input_layers = layers(num_layers, 'transition_in')
    self.gru = GRUBlockCell(belief_size, name='gru')
    self.output_layers = layers(num_layers, 'transition_out')
    self.prior_gaussian = Gaussian(state_size, **options, name='prior_gaussian')
    self.posterior_input = PrecomputedDense(
      embed_size, activation, name='posterior'
    )
    self.posterior_layers = layers(num_layers - 1, 'posterior_hidden')
    self.posterior_gaussian = Gaussian(
      state_size, **options, name='posterior_gaussian'
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'state_size': self.stochastic_size,
      'belief_size': self.belief_size,
      'embed_size': self.embed_size,
      'num_layers': self.num_layers,
      'future_rnn': self.future_rnn,
      'activation': self.activation,
      'mean_only': self.mean_only,
      'min_stddev': self.min_stddev,
    }

  @property
  def state_sizes(self) -> dict[str, int]:
    """Size of each tensor of a state."""
    size = self.stochastic_size
    return {
      'mean': size,
      'stddev': size,
      'sample': size,
      'belief': self.belief_size,
    }

  @property
  def feature_size(self) -> int:
    """Size F = S + D of the features."""
    return self.stochastic_size + self.belief_size

  def build(self, action_shape: Shape, embedding_shape: Shape) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""
    action_size, embedding_size = action_shape[-1], embedding_shape[-1]
    size = _build(self.input_layers, self.stochastic_size + action_size)
    self.gru.build((None, size))
    size = _build(
      self.output_layers, self.belief_size if self.future_rnn else size
    )
    self.prior_gaussian.build((None, size))
    size = _build(
      [self.posterior_input, *self.posterior_layers],
      self.belief_size + embedding_size,
    )
    self.posterior_gaussian.build((None, size))

  def features(self, state: State) -> tf.Tensor:
    """Returns the sample and the belief, concatenated to [.., F]."""
    return concat(state['sample'], state['belief'])

  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Computes the prior of the next state; see the base class."""
    hidden = concat(state['sample'], action)
    for layer in self.input_layers:
      hidden = layer(hidden)
    belief = self.gru(hidden, state['belief'])
    if self.future_rnn:
      hidden = belief
    for layer in self.output_layers:
      hidden = layer(hidden)
    return {**self.prior_gaussian(hidden, noise), 'belief': belief}

  def precompute_observations(self, embedding: tf.Tensor) -> Pair:
    """Computes the posterior's first layer as far as it needs no state."""
    return self.posterior_input.precompute(embedding)

  def posterior(
    self,
    state: State,
    action: tf.Tensor,
    prior: State,
    precomputed: Pair,
    noise: tf.Tensor,
  ) -> State:
    """Computes the posterior of the next state; see the base class."""
    belief = prior['belief']
    hidden = self.posterior_input(belief, precomputed)
    for layer in self.posterior_layers:
      hidden = layer(hidden)
    return {**self.posterior_gaussian(hidden, noise), 'belief': belief}


def _build(layers: list[keras.layers.Layer], size: int) -> int:
  """Builds successive dense layers and returns the size of the last one."""
  for layer in layers:
    layer.build((None, size))
    size = layer.units
  return size
