"""Latent dynamics models."""

from planet_tf.models.base import LatentDynamics, State
from planet_tf.models.drnn import DRNN, Wiring
from planet_tf.models.rnn import RNN
from planet_tf.models.rssm import RSSM
from planet_tf.models.ssm import SSM

__all__ = ['DRNN', 'RNN', 'RSSM', 'SSM', 'LatentDynamics', 'State', 'Wiring']
