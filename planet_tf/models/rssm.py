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

import keras
import tensorflow as tf

from planet_tf.models.base import LatentDynamics, State
from planet_tf.models.gru import GRU


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
    super().__init__(
      state_size, mean_only=mean_only, min_stddev=min_stddev, **kwargs
    )
    if num_layers < 1:
      raise ValueError(f'RSSM num_layers must be at least 1, got {num_layers}.')
    self.belief_size = belief_size
    self.future_rnn = future_rnn
    self.activation = keras.activations.get(activation)

    def layers(prefix: str) -> list[keras.layers.Layer]:
      return [
        keras.layers.Dense(embed_size, activation, name=f'{prefix}{index}')
        for index in range(num_layers)
      ]

    def statistics(prefix: str) -> tuple[keras.layers.Layer, ...]:
      mean = keras.layers.Dense(state_size, name=f'{prefix}_mean')
      stddev = keras.layers.Dense(
        state_size, 'softplus', name=f'{prefix}_stddev'
      )
      return mean, stddev

    self.input_layers = layers('transition_in')
    self.gru = GRU(belief_size, name='gru')
    self.output_layers = layers('transition_out')
    self.prior_mean, self.prior_stddev = statistics('prior')
    self.posterior_layers = layers('posterior')
    self.posterior_mean, self.posterior_stddev = statistics('posterior')

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

  def build_cell(self, action_size: int, embedding_size: int) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""
    size = _build(self.input_layers, self.stochastic_size + action_size)
    self.gru.build((None, size))
    size = _build(
      self.output_layers, self.belief_size if self.future_rnn else size
    )
    _build([self.prior_mean], size)
    _build([self.prior_stddev], size)
    size = _build(self.posterior_layers, self.belief_size + embedding_size)
    _build([self.posterior_mean], size)
    _build([self.posterior_stddev], size)
    self.built = True

  def features(self, state: State) -> tf.Tensor:
    """Sample and belief side by side, [.., F]."""
    return tf.concat([state['sample'], state['belief']], -1)

  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Prior of the next state; see the base class."""
    hidden = tf.concat([state['sample'], action], -1)
    for layer in self.input_layers:
      hidden = layer(hidden)
    belief = self.gru(hidden, state['belief'])
    if self.future_rnn:
      hidden = belief
    for layer in self.output_layers:
      hidden = layer(hidden)
    mean = self.prior_mean(hidden)
    stddev = self.prior_stddev(hidden) + self.min_stddev
    sample = self._sample(mean, stddev, noise)
    return {'mean': mean, 'stddev': stddev, 'sample': sample, 'belief': belief}

  def project(self, embedding: tf.Tensor) -> tf.Tensor:
    """The embedding's share of the posterior's first layer; see the base."""
    layer = self.posterior_layers[0]
    kernel = layer.kernel[self.belief_size :]
    return tf.tensordot(embedding, kernel, 1) + layer.bias

  def posterior(
    self, prior: State, projected: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Posterior of a state; see the base class."""
    belief = prior['belief']
    kernel = self.posterior_layers[0].kernel[: self.belief_size]
    hidden = self.activation(tf.matmul(belief, kernel) + projected)
    for layer in self.posterior_layers[1:]:
      hidden = layer(hidden)
    mean = self.posterior_mean(hidden)
    stddev = self.posterior_stddev(hidden) + self.min_stddev
    sample = self._sample(mean, stddev, noise)
    return {'mean': mean, 'stddev': stddev, 'sample': sample, 'belief': belief}


def _build(layers: list[keras.layers.Layer], size: int) -> int:
  """Builds dense layers one after another; returns the last one's units."""
  for layer in layers:
    layer.build((None, size))
    size = layer.units
  return size
