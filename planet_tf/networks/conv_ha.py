"""Convolutional encoder and decoder of Ha and Schmidhuber (2018).

Source: paper, appendix A; original: networks/conv_ha.py.
"""

import keras
import tensorflow as tf

from planet_tf import distributions
from planet_tf.networks.convolution import (
  Conv2D,
  Conv2DTranspose,
  PointTransposed,
)
from planet_tf.ops.precision import Dense

EMBEDDING_SIZE = 1024
IMAGE_SHAPE = (64, 64, 3)


class Encoder(keras.layers.Layer):
  """Embeds images: four convolutions of kernel 4 and stride 2, then flat.

  The maps are 64 -> 31 -> 14 -> 6 -> 2 pixels wide with 32, 64, 128 and 256
  channels, so that the embedding has E = 2 * 2 * 256 = 1024 numbers.
  """

  def __init__(self, **kwargs: object) -> None:
    super().__init__(**kwargs)
    self.convolutions = [
      Conv2D(
        channels,
        4,
        strides=2,
        activation='relu',
        name=f'conv{index}',
      )
      for index, channels in enumerate((32, 64, 128, 256))
    ]

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables; images must be [.., 64, 64, 3]."""
    if tuple(input_shape[-3:]) != IMAGE_SHAPE:
      raise ValueError(
        f'conv_ha encodes images of shape {IMAGE_SHAPE}, got '
        f'{tuple(input_shape[-3:])}; resize them before.'
      )
    shape = (None, *IMAGE_SHAPE)
    for layer in self.convolutions:
      layer.build(shape)
      shape = layer.compute_output_shape(shape)
    self.built = True

  def call(self, images: tf.Tensor) -> tf.Tensor:
    """Embeds images.

    Args:
      images: Float images [.., 64, 64, 3] in [-0.5, 0.5).

    Returns:
      Embeddings [.., E].
    """
    leading = tf.shape(images)[:-3]
    hidden = tf.reshape(images, (-1, *IMAGE_SHAPE))
    for layer in self.convolutions:
      hidden = layer(hidden)
    hidden = tf.cast(hidden, tf.float32)
    return tf.reshape(hidden, tf.concat([leading, [EMBEDDING_SIZE]], 0))


class Decoder(keras.layers.Layer):
  """Predicts the mean image from latent features.

  A dense layer to 1024 numbers without activation, then transposed
  convolutions of stride 2 to maps of 5, 13, 30 and 64 pixels.
  """

  def __init__(self, **kwargs: object) -> None:
    super().__init__(**kwargs)
    hidden = {'strides': 2, 'activation': 'relu'}
    self.dense = Dense(EMBEDDING_SIZE, name='dense')
    self.transposed = [
      PointTransposed(128, 5, name='transposed0'),
      Conv2DTranspose(64, 5, name='transposed1', **hidden),
      Conv2DTranspose(32, 6, name='transposed2', **hidden),
      Conv2DTranspose(3, 6, name='transposed3', strides=2),
    ]

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for features [.., F]."""
    self.dense.build((None, input_shape[-1]))
    shapes = [
      (None, EMBEDDING_SIZE),
      (None, 5, 5, 128),
      (None, 13, 13, 64),
      (None, 30, 30, 32),
    ]
    for layer, shape in zip(self.transposed, shapes, strict=True):
      layer.build(shape)
    self.built = True

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Predicts images.

    Args:
      features: Latent features [.., F].

    Returns:
      Mean images [.., 64, 64, 3], float32, roughly in [-0.5, 0.5).
    """
    leading = tf.shape(features)[:-1]
    hidden = tf.reshape(features, (-1, features.shape[-1]))
    hidden = self.dense(hidden)
    for layer in self.transposed:
      hidden = layer(hidden)
    hidden = tf.cast(hidden, tf.float32)
    return tf.reshape(hidden, tf.concat([leading, IMAGE_SHAPE], 0))

  def log_prob(self, features: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Log likelihood of images under unit variance.

    Args:
      features: Latent features [.., F].
      images: Float images [.., 64, 64, 3].

    Returns:
      Log likelihood [..], summed over the 12,288 numbers of an image.
    """
    return distributions.log_prob(self(features), images, 3)
