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

import tensorflow as tf

from planet_tf.models.base import LatentDynamics, State
from planet_tf.models.gru import GRU
from planet_tf.ops.precision import Dense


class RNN(LatentDynamics):
  """Recurrent network: one GRU predicts, another one takes in observations.

  A state holds `mean` [.., D], the recurrent state, with `stddev` of ones and
  `sample` equal to `mean`. So the divergence of posterior and prior is half
  their squared distance, which teaches the prior to predict, as the divergence
  of the other models does.

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
    self.action_layer = Dense(embed_size, activation, name='action')
    self.prior_gru = GRU(belief_size, name='prior')
    self.embedding_layer = Dense(embed_size, activation, name='embedding')
    self.posterior_gru = GRU(belief_size, name='posterior')

  @property
  def state_sizes(self) -> dict[str, int]:
    """Size of each tensor of a state."""
    return dict.fromkeys(('mean', 'stddev', 'sample'), self.stochastic_size)

  @property
  def feature_size(self) -> int:
    """Size F = D of the features."""
    return self.stochastic_size

  def build_cell(self, action_size: int, embedding_size: int) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""
    self.action_layer.build((None, action_size))
    self.prior_gru.build((None, self.action_layer.units))
    self.embedding_layer.build((None, embedding_size))
    self.posterior_gru.build((None, self.embedding_layer.units))
    self.built = True

  def features(self, state: State) -> tf.Tensor:
    """The recurrent state, [.., F]."""
    return state['mean']

  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Prior of the next state; see the base class."""
    return _state(self.prior_gru(self.action_layer(action), state['mean']))

  def project(self, embedding: tf.Tensor) -> tuple[tf.Tensor, tuple]:
    """The inputs of the posterior's GRU; see the base class."""
    return self.embedding_layer(embedding), ()

  def posterior(
    self,
    state: State,
    action: tf.Tensor,
    prior: State,
    projected: tuple[tf.Tensor, tuple],
    noise: tf.Tensor,
  ) -> State:
    """Posterior of the next state; see the base class."""
    return _state(self.posterior_gru(projected[0], prior['mean']))


def _state(recurrent: tf.Tensor) -> State:
  return {
    'mean': recurrent,
    'stddev': tf.ones_like(recurrent),
    'sample': recurrent,
  }
