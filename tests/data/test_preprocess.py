import numpy as np
import pytest
import tensorflow as tf

from planet_tf.data.preprocess import byte_noise, preprocess


@pytest.mark.parametrize('bits', [1, 5, 8])
def test_preprocess_matches_original(golden, bits):
  data = golden.load('preprocess.npz')
  key = f'bits{bits}'
  value = preprocess(data['image'], bits, noise=data[f'{key}/noise'])
  assert value.dtype == tf.float32
  np.testing.assert_allclose(value, data[f'{key}/pre'], rtol=0, atol=1e-7)


def test_without_noise_values_are_lower_edges():
  value = preprocess(np.array([0, 7, 8, 255], np.uint8))
  np.testing.assert_array_equal(value, [-0.5, -0.5, -0.46875, 0.46875])


@pytest.mark.parametrize('bits', [1, 5, 8])
def test_noise_stays_within_bin(bits):
  image = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 1001, axis=1)
  plain = preprocess(image, bits)
  noisy = preprocess(image, bits, seed=[1, 2])
  noise = (noisy - plain).numpy() * 2**bits
  assert noise.min() > 0
  assert noise.max() < 1
  assert noisy.numpy().max() < 0.5
  bins = np.floor((noisy.numpy() + 0.5) * 2**bits)
  np.testing.assert_array_equal(bins / 2**bits, plain + 0.5)


def test_noise_is_uniform():
  noise = byte_noise(tf.constant([1000, 1000]), [3, 4]).numpy()
  assert noise.mean() == pytest.approx(0.5, abs=1.5e-3)
  assert noise.var() == pytest.approx(1 / 12, rel=5e-3)
  counts = np.bincount((noise * 256).astype(int).ravel(), minlength=256)
  # 255 degrees of freedom, standard deviation 22.6.
  chi_square = ((counts - 1e6 / 256) ** 2 / (1e6 / 256)).sum()
  assert 150 < chi_square < 360
  # Neighbors share a drawn integer but must be independent.
  for lag in (1, 2, 3, 4):
    flat = noise.ravel() - noise.mean()
    assert abs((flat[lag:] * flat[:-lag]).mean()) < 5e-4


def test_seed_determines_noise():
  image = np.zeros((5, 7), np.uint8)
  first, same, other = (
    preprocess(image, seed=seed).numpy() for seed in ([1, 2], [1, 2], [1, 3])
  )
  np.testing.assert_array_equal(first, same)
  assert (first != other).mean() > 0.9


def test_graph_accepts_any_shape():
  @tf.function(input_signature=[tf.TensorSpec(None, tf.uint8)])
  def compiled(image):
    return preprocess(image, seed=tf.constant([1, 2]))

  for shape in ((), (3,), (2, 3, 4, 4, 3)):
    image = np.full(shape, 200, np.uint8)
    value = compiled(image)
    assert value.shape == shape
    np.testing.assert_array_equal(value, preprocess(image, seed=[1, 2]))


def test_keeps_static_shape():
  @tf.function
  def compiled(image):
    value = preprocess(image, seed=tf.constant([1, 2]))
    assert value.shape.as_list() == [2, None, 64, 64, 3]
    return value

  compiled.get_concrete_function(tf.TensorSpec([2, None, 64, 64, 3], tf.uint8))


def test_invalid_arguments_raise():
  image = np.zeros((2, 2), np.uint8)
  with pytest.raises(ValueError, match='noise or a seed'):
    preprocess(image, noise=np.zeros((2, 2), np.float32), seed=[1, 2])
  with pytest.raises(ValueError, match='bits=9 must be 1 to 8'):
    preprocess(image, 9)
