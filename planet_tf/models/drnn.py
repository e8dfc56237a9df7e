r"""The doubly recurrent state-space model (DRNN).

    Prior:          Posterior:

    (a)    (a)      (a,o)  (a,o)
     |      |        : :    : :
     v      v        v v    v v
    [e]--->[e]      [e]...>[e]
     |      |        :      :
     v      v        v      v
    (s)--->(s)      (s)--->(s)
     |      |        |      |
     v      v        v      v
    [d]--->[d]      [d]--->[d]

An encoder [e] reads actions and observations, and a decoder [d] reads samples
(s). The prior is the same network with an observation of zeros. Source: paper,
figure 8; original: models/drnn.py.
"""

from typing import Any, NamedTuple, Self

import keras
import tensorflow as tf

from planet_tf.models.base import LatentDynamics, Shape, State
from planet_tf.models.layers import Gaussian, GRUBlockCell, Pair
from planet_tf.ops.precision import MixedDense, concat


class Wiring(NamedTuple):
  """Optional connections of a DRNN, all from the previous step.

  The decoder always reads the sample of the same step.
  """

  encoder_to_decoder: bool = False
  sample_to_sample: bool = True
  sample_to_encoder: bool = True
  decoder_to_encoder: bool = False
  decoder_to_sample: bool = True
  action_to_decoder: bool = False


@keras.saving.register_keras_serializable(package='planet_tf')
class DRNN(LatentDynamics):
  """Doubly recurrent model: a recurrent encoder, samples, a recurrent decoder.

  A state holds `encoder_state` and `decoder_state`, each [.., D], and `mean`,
  `stddev` and `sample`, each [.., S]. Heads see the decoder's state only. The
  hidden layer always has a ReLU, as in the original.

  Args:
    state_size: Stochastic size S.
    belief_size: Size D of each recurrent state.
    embed_size: Units of the hidden layer.
    wiring: Optional connections.
    mean_only: Take the mean as the sample.
    min_stddev: Added to the softplus that yields standard deviations.
  """

  def __init__(
    self,
    state_size: int,
    belief_size: int,
    embed_size: int,
    *,
    wiring: Wiring = Wiring(),  # noqa: B008 (immutable)
    mean_only: bool = False,
    min_stddev: float = 0.1,
    **kwargs: object,
  ) -> None:
    super().__init__(state_size, mean_only=mean_only, **kwargs)
    self.belief_size = belief_size
    self.embed_size = embed_size
    self.wiring = wiring
    self.min_stddev = min_stddev
    self.encoder = GRUBlockCell(belief_size, name='encoder')
    self.hidden = MixedDense(embed_size, 'relu', name='hidden')
    self.gaussian = Gaussian(
      state_size, mean_only=mean_only, min_stddev=min_stddev, name='gaussian'
    )
    self.decoder = GRUBlockCell(belief_size, name='decoder')

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'state_size': self.stochastic_size,
      'belief_size': self.belief_size,
      'embed_size': self.embed_size,
      'wiring': self.wiring._asdict(),
      'mean_only': self.mean_only,
      'min_stddev': self.min_stddev,
    }

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> Self:
    """Makes a model from the output of `get_config`."""
    return cls(**{**config, 'wiring': Wiring(**config['wiring'])})

  @property
  def state_sizes(self) -> dict[str, int]:
    """Size of each tensor of a state."""
    size = self.stochastic_size
    return {
      'encoder_state': self.belief_size,
      'decoder_state': self.belief_size,
      'mean': size,
      'stddev': size,
      'sample': size,
    }

  @property
  def feature_size(self) -> int:
    """Size F = D of the features."""
    return self.belief_size

  def build(self, action_shape: Shape, embedding_shape: Shape) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""
    action_size, embedding_size = action_shape[-1], embedding_shape[-1]
    wiring, sample, belief = self.wiring, self.stochastic_size, self.belief_size
    self.encoder.build(
      (
        None,
        embedding_size
        + action_size
        + sample * wiring.sample_to_encoder
        + belief * wiring.decoder_to_encoder,
      )
    )
    self.hidden.build(
      (
        None,
        belief
        + sample * wiring.sample_to_sample
        + belief * wiring.decoder_to_sample,
      )
    )
    self.gaussian.build((None, self.embed_size))
    self.decoder.build(
      (
        None,
        sample
        + belief * wiring.encoder_to_decoder
        + action_size * wiring.action_to_decoder,
      )
    )

  def features(self, state: State) -> tf.Tensor:
    """Returns the decoder's state, [.., F]."""
    return state['decoder_state']

  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Computes the prior of the next state; see the base class."""
    return self._advance(state, action, None, noise)

  def precompute_observations(self, embedding: tf.Tensor) -> tuple[Pair, Pair]:
    """Computes the embeddings' products in the encoder; see the base class."""
    return self.encoder.precompute(embedding)

  def posterior(
    self,
    state: State,
    action: tf.Tensor,
    prior: State,
    precomputed: tuple[Pair, Pair],
    noise: tf.Tensor,
  ) -> State:
    """Computes the posterior of the next state; see the base class."""
    return self._advance(state, action, precomputed, noise)

  def _advance(
    self,
    state: State,
    action: tf.Tensor,
    precomputed: tuple[Pair, Pair] | None,
    noise: tf.Tensor,
  ) -> State:
    """Advances the state; without an observation, it is all zeros."""
    wiring = self.wiring
    encoded = self.encoder(
      _concat(
        action,
        wiring.sample_to_encoder and state['sample'],
        wiring.decoder_to_encoder and state['decoder_state'],
      ),
      state['encoder_state'],
      precomputed,
    )
    hidden = self.hidden(
      _concat(
        encoded,
        wiring.sample_to_sample and state['sample'],
        wiring.decoder_to_sample and state['decoder_state'],
      )
    )
    gaussian = self.gaussian(hidden, noise)
    decoded = self.decoder(
      _concat(
        gaussian['sample'],
        wiring.encoder_to_decoder and state['encoder_state'],
        wiring.action_to_decoder and action,
      ),
      state['decoder_state'],
    )
    return {'encoder_state': encoded, 'decoder_state': decoded, **gaussian}


def _concat(*inputs: tf.Tensor | bool) -> tf.Tensor:
  """Concatenates the inputs that are connected, that is not False."""
  return concat(*(x for x in inputs if x is not False))
