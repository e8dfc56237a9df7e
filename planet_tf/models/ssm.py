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

import tensorflow as tf

from planet_tf.models.base import LatentDynamics, State
from planet_tf.models.gaussian import Gaussian
from planet_tf.models.precomputed_dense import PrecomputedDense
from planet_tf.ops.precision import Dense, concat


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
    options = {'mean_only': mean_only, 'min_stddev': min_stddev}
    self.transition_hidden = Dense(
      embed_size, activation, name='transition_hidden'
    )
    self.prior_gaussian = Gaussian(state_size, **options, name='prior_gaussian')
    self.posterior_hidden = PrecomputedDense(
      embed_size, activation, name='posterior_hidden'
    )
    self.posterior_gaussian = Gaussian(
      state_size, **options, name='posterior_gaussian'
    )

  @property
  def state_sizes(self) -> dict[str, int]:
    """Size of each tensor of a state."""
    return dict.fromkeys(('mean', 'stddev', 'sample'), self.stochastic_size)

  @property
  def feature_size(self) -> int:
    """Size F = S of the features."""
    return self.stochastic_size

  def build_cell(self, action_size: int, embedding_size: int) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""
    size = self.stochastic_size
    self.transition_hidden.build((None, size + action_size))
    self.prior_gaussian.build((None, self.transition_hidden.units))
    self.posterior_hidden.build((None, 2 * size + embedding_size))
    self.posterior_gaussian.build((None, self.posterior_hidden.units))
    self.built = True

  def features(self, state: State) -> tf.Tensor:
    """The sample, [.., F]."""
    return state['sample']

  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Prior of the next state; see the base class."""
    hidden = self.transition_hidden(concat(state['sample'], action))
    return self.prior_gaussian(hidden, noise)

  def project(self, embedding: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The embedding's share of the posterior's first layer; see the base."""
    return self.posterior_hidden.project(embedding)

  def posterior(
    self,
    state: State,
    action: tf.Tensor,
    prior: State,
    projected: tuple[tf.Tensor, tf.Tensor],
    noise: tf.Tensor,
  ) -> State:
    """Posterior of the next state; see the base class."""
    statistics = concat(prior['mean'], prior['stddev'])
    hidden = self.posterior_hidden(statistics, projected)
    return self.posterior_gaussian(hidden, noise)
