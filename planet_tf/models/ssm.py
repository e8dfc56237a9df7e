r"""The state-space model (SSM), purely stochastic.

    Prior:          Posterior:

    (a)             (a)
       \               \
        v               v
    (s)--->(s)      (s)--->(s)
                            ^
                            :
                           (o)

Source: paper, section 3 and figure 2; original: models/ssm.py.
"""

from typing import Any

import keras
import tensorflow as tf

from planet_tf.models.base import LatentDynamics, Shape, State
from planet_tf.models.layers import Gaussian, Pair, PrecomputedDense
from planet_tf.ops.precision import MixedDense, concat


@keras.saving.register_keras_serializable(package='planet_tf')
class SSM(LatentDynamics):
  """State-space model: feed-forward transitions of a Gaussian state.

  A state holds `mean`, `stddev` and `sample`, each [.., S]. The posterior sees
  the prior's statistics and the observation.

  Args:
    state_size: Stochastic size S.
    embed_size: Units of the hidden layers.
    activation: Activation of the hidden layers.
    mean_only: Take the mean as the sample.
    min_stddev: Added to the softplus that yields standard deviations.
  """

  def __init__(
    self,
    state_size: int,
    embed_size: int,
    *,
    activation: str = 'relu',
    mean_only: bool = False,
    min_stddev: float = 0.1,
    **kwargs: object,
  ) -> None:
    super().__init__(state_size, mean_only=mean_only, **kwargs)
    self.embed_size = embed_size
    self.activation = activation
    self.min_stddev = min_stddev
    options: dict[str, Any]
    options = {'mean_only': mean_only, 'min_stddev': min_stddev}
    self.transition_hidden = MixedDense(
      embed_size, activation, name='transition_hidden'
    )
    self.prior_gaussian = Gaussian(state_size, **options, name='prior_gaussian')
    self.posterior_hidden = PrecomputedDense(
      embed_size, activation, name='posterior_hidden'
    )
    self.posterior_gaussian = Gaussian(
      state_size, **options, name='posterior_gaussian'
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'state_size': self.stochastic_size,
      'embed_size': self.embed_size,
      'activation': self.activation,
      'mean_only': self.mean_only,
      'min_stddev': self.min_stddev,
    }

  @property
  def state_sizes(self) -> dict[str, int]:
    """Size of each tensor of a state."""
    return dict.fromkeys(('mean', 'stddev', 'sample'), self.stochastic_size)

  @property
  def feature_size(self) -> int:
    """Size F = S of the features."""
    return self.stochastic_size

  def build(self, action_shape: Shape, embedding_shape: Shape) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""
    action_size, embedding_size = action_shape[-1], embedding_shape[-1]
    size = self.stochastic_size
    self.transition_hidden.build((None, size + action_size))
    self.prior_gaussian.build((None, self.embed_size))
    self.posterior_hidden.build((None, 2 * size + embedding_size))
    self.posterior_gaussian.build((None, self.embed_size))

  def features(self, state: State) -> tf.Tensor:
    """Returns the sample, [.., F]."""
    return state['sample']

  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Computes the prior of the next state; see the base class."""
    hidden = self.transition_hidden(concat(state['sample'], action))
    return self.prior_gaussian(hidden, noise)

  def precompute_observations(self, embedding: tf.Tensor) -> Pair:
    """Computes the posterior's first layer as far as it needs no state."""
    return self.posterior_hidden.precompute(embedding)

  def posterior(
    self,
    state: State,
    action: tf.Tensor,
    prior: State,
    precomputed: Pair,
    noise: tf.Tensor,
  ) -> State:
    """Computes the posterior of the next state; see the base class."""
    statistics = concat(prior['mean'], prior['stddev'])
    hidden = self.posterior_hidden(statistics, precomputed)
    return self.posterior_gaussian(hidden, noise)
