"""Latent dynamics models."""

from planet_tf.models.base import LatentDynamics
from planet_tf.models.gru import GRU
from planet_tf.models.rssm import RSSM

__all__ = ['GRU', 'LatentDynamics', 'RSSM']
