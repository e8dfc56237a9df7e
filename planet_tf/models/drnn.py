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

An encoder [e] reads actions and observations, a decoder [d] samples (s). The
prior is the same network with an observation of zeros. Source: paper, figure
8; original: models/drnn.py.
"""

from typing import NamedTuple

import tensorflow as tf

from planet_tf.models.base import LatentDynamics, State
from planet_tf.models.gaussian import Gaussian
from planet_tf.models.gru import GRU, Pair
from planet_tf.ops.precision import Dense, concat


class Wiring(NamedTuple):
  """Which parts of a DRNN see which others; all of the previous step.

  The sample that enters the decoder is the new one in any case.
  """

  encoder_to_decoder: bool = False
  sample_to_sample: bool = True
  sample_to_encoder: bool = True
  decoder_to_encoder: bool = False
  decoder_to_sample: bool = True
  action_to_decoder: bool = False


class DRNN(LatentDynamics):
  """Doubly recurrent model: a recurrent encoder, samples, a recurrent decoder.

  A state holds `encoder_state` and `decoder_state`, each [.., D], and `mean`,
  `stddev` and `sample`, each [.., S]. Heads see the decoder alone. The hidden
  layer is a relu, whatever the activation of the rest (as in the original).

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
    self.wiring = wiring
    self.encoder = GRU(belief_size, name='encoder')
    self.hidden = Dense(embed_size, 'relu', name='hidden')
    self.gaussian = Gaussian(
      state_size, mean_only=mean_only, min_stddev=min_stddev, name='gaussian'
    )
    self.decoder = GRU(belief_size, name='decoder')

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

  def build_cell(self, action_size: int, embedding_size: int) -> None:
    """Creates the variables for actions [.., A] and embeddings [.., E]."""
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
    self.gaussian.build((None, self.hidden.units))
    self.decoder.build(
      (
        None,
        sample
        + belief * wiring.encoder_to_decoder
        + action_size * wiring.action_to_decoder,
      )
    )
    self.built = True

  def features(self, state: State) -> tf.Tensor:
    """The decoder's state, [.., F]."""
    return state['decoder_state']

  def transition(
    self, state: State, action: tf.Tensor, noise: tf.Tensor
  ) -> State:
    """Prior of the next state; see the base class."""
    return self._advance(state, action, None, noise)

  def project(self, embedding: tf.Tensor) -> tuple[Pair, Pair]:
    """The embedding's share of the encoder; see the base class."""
    return self.encoder.project(embedding)

  def posterior(
    self,
    state: State,
    action: tf.Tensor,
    prior: State,
    projected: tuple[Pair, Pair],
    noise: tf.Tensor,
  ) -> State:
    """Posterior of the next state; see the base class."""
    return self._advance(state, action, projected, noise)

  def _advance(
    self,
    state: State,
    action: tf.Tensor,
    projected: tuple[Pair, Pair] | None,
    noise: tf.Tensor,
  ) -> State:
    """One step; without an observation, that is with zeros, it is the prior."""
    wiring = self.wiring
    encoded = self.encoder(
      _concat(
        action,
        wiring.sample_to_encoder and state['sample'],
        wiring.decoder_to_encoder and state['decoder_state'],
      ),
      state['encoder_state'],
      projected,
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
  """Side by side, without those that are not connected."""
  return concat(*(x for x in inputs if x is not False))
