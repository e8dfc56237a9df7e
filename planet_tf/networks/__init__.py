"""Encoder, decoder and heads."""

from planet_tf.networks.conv_ha import Decoder, Encoder
from planet_tf.networks.feed_forward import FeedForward

__all__ = ['Decoder', 'Encoder', 'FeedForward']
