r"""The recurrent neural network (RNN), purely deterministic.

    Prior:          Posterior:

    (a)             (a)
       \               \
        v               v
    [h]--->[h]      [h]--->[h]
                            ^
                            :
                           (o)

Source: paper, section 3 and figures 2 and 4. The original has none; its
README approximates one by an RSSM without samples and without a divergence.
"""

from typing import Any

import keras
import tensorflow as tf

from planet_tf.models.base import LatentDynamics, Shape, State
from planet_tf.models.layers import GRUBlockCell
from planet_tf.ops.precision import MixedDense


@keras.saving.register_keras_serializable(package='planet_tf')
class RNN(LatentDynamics):
  """Recurrent network: one GRU predicts, a second one reads observations.

  A state holds `mean` [.., D], the recurrent state, with `stddev` of ones and
  `sample` equal to `mean`. So the divergence between posterior and prior is
  half their squared distance. It trains the prior to predict, as in the other
  models.

  Args:
    belief_size: Size D of the recurrent state.
    embed_size: Units of the layer before each GRU.
    activation: Activation of these layers.
  """

  def __init__(
    self,
    belief_size: int,
    embed_size: int,
    *,
    activation: str = 'relu',
    **kwargs: object,
  ) -> None:
    super().__init__(belief_size, mean_only=True, **kwargs)
    self.embed_size = embed_size
    self.activation = activation
    self.action_layer = MixedDense(embed_size, activation, name='action')
    self.prior_gru = GRUBlockCell(belief_size, name='prior')
    self.embedding_layer = MixedDense(embed_size, activation, name='embedding')
    self.posterior_gru = GRUBlockCell(belief_size, name='posterior')

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'belief_size': self.stochastic_size,
      'embed_size': self.embed_size,
      'activation': self.activation,
    }

  @property
  def state_sizes(self) -> dict[str, int]:
    """Size of each tensor of a state."""
    return dict.fromkeys(('mean', 'stddev', 'sample'), self.stochastic_size)

  @property
  def feature_size(self) -> int:
    """Size F = D of the features."""
    return self.stochastic_size

  def build(self, action_shape: Shape, embedding_shape: Shape) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""
    self.action_layer.build((None, action_shape[-1]))
    self.prior_gru.build((None, self.embed_size))
    self.embedding_layer.build((None, embedding_shape[-1]))
    self.posterior_gru.build((None, self.embed_size))

  def features(self, state: State) -> tf.Tensor:
    """Returns the recurrent state, [.., F]."""
    return state['mean']

  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Computes the prior of the next state; see the base class."""
    return _state(self.prior_gru(self.action_layer(action), state['mean']))

  def precompute_observations(
    self, embedding: tf.Tensor
  ) -> tuple[tf.Tensor, tuple[()]]:
    """Computes the inputs of the posterior's GRU; see the base class."""
    return self.embedding_layer(embedding), ()

  def posterior(
    self,
    state: State,
    action: tf.Tensor,
    prior: State,
    precomputed: tuple[tf.Tensor, tuple[()]],
    noise: tf.Tensor,
  ) -> State:
    """Computes the posterior of the next state; see the base class."""
    return _state(self.posterior_gru(precomputed[0], prior['mean']))


def _state(recurrent: tf.Tensor) -> State:
  return {
    'mean': recurrent,
    'stddev': tf.ones_like(recurrent),
    'sample': recurrent,
  }
