"""Convolutional encoder and decoder of Ha and Schmidhuber (2018).

Source: paper, appendix A; original: networks/conv_ha.py.
"""

import keras
import tensorflow as tf

from planet_tf import distributions
from planet_tf.networks.convolution import (
  PointConv2DTranspose,
  StridedConv2D,
  StridedConv2DTranspose,
)
from planet_tf.ops.precision import MixedDense

EMBEDDING_SIZE = 1024
IMAGE_SHAPE = (64, 64, 3)


@keras.saving.register_keras_serializable(package='planet_tf')
class Encoder(keras.layers.Layer):
  """Embeds images with four convolutions of kernel 4 and stride 2.

  The maps are 64 -> 31 -> 14 -> 6 -> 2 pixels wide and have 32, 64, 128 and
  256 channels, so that the embedding has E = 2 * 2 * 256 = 1024 numbers.
  """

  def __init__(self, **kwargs: object) -> None:
    super().__init__(**kwargs)
    self.convolutions = [
      StridedConv2D(channels, 4, 'relu', name=f'conv{index}')
      for index, channels in enumerate((32, 64, 128, 256))
    ]

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Creates the variables for images [.., 64, 64, 3].

    Raises:
      ValueError: The images have another shape.
    """
    if tuple(input_shape[-3:]) != IMAGE_SHAPE:
      raise ValueError(
        f'The encoder expects images of shape {IMAGE_SHAPE}, got '
        f'{tuple(input_shape[-3:])}; resize them.'
      )
    shape = (None, *IMAGE_SHAPE)
    for layer in self.convolutions:
      layer.build(shape)
      shape = layer.compute_output_shape(shape)

  def call(self, images: tf.Tensor) -> tf.Tensor:
    """Embeds images.

    Args:
      images: Float images [.., 64, 64, 3] in [-0.5, 0.5).

    Returns:
      Embeddings [.., E], float32.
    """
    leading = tf.shape(images)[:-3]
    hidden = tf.reshape(images, (-1, *IMAGE_SHAPE))
    for layer in self.convolutions:
      hidden = layer(hidden)
    hidden = tf.cast(hidden, tf.float32)
    return tf.reshape(hidden, tf.concat([leading, [EMBEDDING_SIZE]], 0))


@keras.saving.register_keras_serializable(package='planet_tf')
class Decoder(keras.layers.Layer):
  """Predicts the mean image from latent features.

  A linear layer to 1024 numbers is followed by transposed convolutions of
  stride 2 to maps of 5, 13, 30 and 64 pixels.
  """

  def __init__(self, **kwargs: object) -> None:
    super().__init__(**kwargs)
    self.dense = MixedDense(EMBEDDING_SIZE, name='dense')
    self.transposed: list[keras.layers.Layer] = [
      PointConv2DTranspose(128, 5, name='transposed0'),
      StridedConv2DTranspose(64, 5, 'relu', name='transposed1'),
      StridedConv2DTranspose(32, 6, 'relu', name='transposed2'),
      StridedConv2DTranspose(3, 6, name='transposed3'),
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
    """Computes the log likelihood of images under unit variance.

    Args:
      features: Latent features [.., F].
      images: Float images [.., 64, 64, 3].

    Returns:
      Log likelihood [..], summed over the 12,288 numbers of an image.
    """
    return distributions.log_prob(self(features), images, 3)
