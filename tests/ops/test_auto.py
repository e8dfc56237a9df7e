"""Choices for the machine: precision, number of splits and compiler."""

import pytest
import tensorflow as tf

from planet_tf.ops import auto
from tests.commands import run_program


@pytest.mark.parametrize(
  'features, expected',
  [
    ({'avx2', 'avx512_bf16'}, 'bfloat16'),
    ({'amx_bf16'}, 'bfloat16'),
    ({'avx2', 'avx512f'}, 'float32'),
    (set(), 'float32'),
  ],
)
def test_auto_precision_depends_on_the_cpu(monkeypatch, features, expected):
  monkeypatch.setattr(auto.hardware, 'cpu_features', lambda: features)
  monkeypatch.setattr(tf.config, 'list_physical_devices', lambda kind: [])
  assert auto.choose_precision('auto') == expected


@pytest.mark.parametrize(
  'capability, expected', [((9, 0), 'bfloat16'), ((7, 5), 'float32')]
)
def test_auto_precision_depends_on_the_gpu(monkeypatch, capability, expected):
  monkeypatch.setattr(tf.config, 'list_physical_devices', lambda kind: ['gpu'])
  monkeypatch.setattr(
    tf.config.experimental,
    'get_device_details',
    lambda gpu: {'compute_capability': capability},
  )
  assert auto.choose_precision('auto') == expected


def test_explicit_precision_is_kept():
  assert auto.choose_precision('float32') == 'float32'
  assert auto.choose_precision('bfloat16') == 'bfloat16'


@pytest.mark.parametrize(
  'cores, expected', [(1, 1), (2, 2), (4, 4), (8, 8), (64, 8)]
)
def test_one_split_per_core_up_to_eight(cores, expected):
  assert auto.hardware.cpu_splits(cores) == expected


def _splits_of_a_process(path, num_splits, gpus=(), before=''):
  """Returns num_splits and TensorFlow's thread counts in a new process."""
  path.write_text(f"""
import tensorflow as tf
from planet_tf.ops import auto
auto.hardware.cores = lambda: 4
tf.config.list_physical_devices = lambda kind: {list(gpus)!r}
{before}
num_splits = auto.choose_num_splits({num_splits!r})
tf.zeros(1) + 1
threads = tf.config.threading
print(num_splits, threads.get_intra_op_parallelism_threads(),
      threads.get_inter_op_parallelism_threads())
""")
  result = run_program(path)
  assert result.returncode == 0, result.stderr
  return tuple(map(int, result.stdout.split()))


@pytest.mark.parametrize(
  'arguments, expected',
  [
    (('auto',), (4, 1, 4)),
    ((2,), (2, 2, 2)),
    ((1,), (1, 0, 0)),
    (('auto', ['gpu']), (1, 0, 0)),
    (('auto', (), 'tf.zeros(1) + 1'), (1, 0, 0)),
  ],
)
def test_splits_divide_the_threads(tmp_path, arguments, expected):
  assert _splits_of_a_process(tmp_path / 'program.py', *arguments) == expected


def test_zero_splits_are_an_error():
  with pytest.raises(ValueError, match='num_splits .* got 0'):
    auto.choose_num_splits(0)


@pytest.mark.parametrize('gpus, expected', [([], False), (['gpu'], True)])
def test_auto_compiles_on_gpus_only(monkeypatch, gpus, expected):
  monkeypatch.setattr(tf.config, 'list_physical_devices', lambda kind: gpus)
  assert auto.choose_jit_compile('auto') == expected
  assert auto.choose_jit_compile(True) is True
