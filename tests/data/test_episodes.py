import json
import os
import pathlib
import re
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from planet_tf.data import (
  EpisodeError,
  list_episodes,
  read_episode,
  read_spec,
  write_episode,
)


def make_episode(steps=6, seed=0, side=8):
  rng = np.random.default_rng(seed)
  return {
    'image': rng.integers(0, 256, (steps, side, side, 3), np.uint8),
    'action': rng.uniform(-1, 1, (steps, 2)).astype(np.float32),
    'reward': rng.uniform(0, 1, steps),
    'position': rng.normal(size=(steps, 3)).astype(np.float32),
  }


def test_numpy_reads_written_episode(tmp_path):
  episode = make_episode()
  path = write_episode(tmp_path / 'new' / 'folder', episode)
  with np.load(path, allow_pickle=False) as file:
    assert set(file.files) == set(episode)
    for key, value in episode.items():
      np.testing.assert_array_equal(file[key], value)
      assert file[key].dtype == value.dtype
  assert os.listdir(path.parent) == [path.name]


def test_dtypes_in_file_and_after_reading(tmp_path):
  episode = make_episode()
  episode['position'] = episode['position'].astype(np.float64)
  episode['reward'] = episode['reward'].astype(np.float32)
  episode['count'] = np.arange(6)
  path = write_episode(tmp_path, episode)
  stored = {key: str(dtype) for key, (_, dtype) in read_spec(path).items()}
  assert stored == {
    'image': 'uint8',
    'action': 'float32',
    'reward': 'float64',
    'position': 'float32',
    'count': 'int64',
  }
  read = read_episode(path)
  assert read['reward'].dtype == np.float32
  assert read['count'].dtype == np.int32
  assert read['image'].dtype == np.uint8
  np.testing.assert_array_equal(read['reward'], episode['reward'])


def test_reads_only_given_keys(tmp_path):
  path = write_episode(tmp_path, make_episode())
  assert list(read_episode(path, ['reward'])) == ['reward']
  with pytest.raises(EpisodeError, match='has no speed; ask for image, act'):
    read_episode(path, ['speed'])


def test_reads_files_of_original(golden_root):
  info = json.loads((golden_root / 'episodes/info.json').read_text())
  assert len(info) == 5
  for name, arrays in info.items():
    path = golden_root / 'episodes' / name
    spec = read_spec(path)
    episode = read_episode(path)
    assert set(episode) == set(spec) == set(arrays)
    for key, facts in arrays.items():
      assert spec[key] == (tuple(facts['shape']), np.dtype(facts['dtype']))
      assert episode[key].shape == tuple(facts['shape'])
      assert float(episode[key].min()) == pytest.approx(facts['min'])
      assert float(episode[key].max()) == pytest.approx(facts['max'])


def test_rewriting_original_file_keeps_arrays(golden_root, tmp_path):
  source = list_episodes(golden_root / 'episodes/cartpole_swingup')[0]
  with np.load(source) as file:
    original = dict(file)
  path = write_episode(tmp_path, original)
  assert read_spec(path) == read_spec(source)
  with np.load(path) as file:
    for key, value in original.items():
      np.testing.assert_array_equal(file[key], value)


def test_names_sort_in_order_of_writing(tmp_path):
  episode = make_episode(steps=1, side=1)
  written = [write_episode(tmp_path, episode) for _ in range(200)]
  assert list_episodes(tmp_path) == written
  for path in written:
    assert re.fullmatch(r'\d{8}T\d{6}-[0-9a-f]{32}\.npz', path.name)


def test_names_sort_when_clock_stands_still(tmp_path, monkeypatch):
  monkeypatch.setattr(time, 'time_ns', lambda: 10**18)
  episode = make_episode(steps=1, side=1)
  written = [write_episode(tmp_path, episode) for _ in range(20)]
  assert list_episodes(tmp_path) == written


def test_explicit_name(tmp_path):
  path = write_episode(tmp_path, make_episode(), name='episode-0001')
  assert path == tmp_path / 'episode-0001.npz'
  write_episode(tmp_path, make_episode(steps=9), name='episode-0001.npz')
  assert list_episodes(tmp_path) == [path]
  assert len(read_episode(path)['reward']) == 9
  for name in ('', '../episode', 'a/b', '.hidden'):
    with pytest.raises(EpisodeError, match='plain file name'):
      write_episode(tmp_path, make_episode(), name=name)


def test_listing_ignores_other_files(tmp_path):
  path = write_episode(tmp_path, make_episode())
  for name in ('.x.npz.7.tmp', '.x.npz', 'notes.txt', 'x.npz.tmp'):
    (tmp_path / name).write_bytes(b'half')
  assert list_episodes(tmp_path) == [path]
  assert list_episodes(tmp_path / 'missing') == []


def test_failed_write_leaves_no_file(tmp_path, monkeypatch):
  def half(file, **arrays):
    file.write(b'half a file')
    raise OSError('No space left on device')

  monkeypatch.setattr(np, 'savez_compressed', half)
  with pytest.raises(OSError, match='No space'):
    write_episode(tmp_path, make_episode())
  assert os.listdir(tmp_path) == []


def test_killed_writer_leaves_no_visible_file(tmp_path):
  script = f"""
import os, numpy as np
from planet_tf.data import write_episode
save = np.savez_compressed
def die(file, **arrays):
  save(file, **arrays)
  file.flush()
  os._exit(9)
np.savez_compressed = die
write_episode({str(tmp_path)!r}, dict(image=np.zeros([3, 2, 2, 3], np.uint8),
  action=np.zeros([3, 1]), reward=np.zeros(3)))
"""
  root = pathlib.Path(__file__).parents[2]
  result = subprocess.run([sys.executable, '-c', script], cwd=root)
  assert result.returncode == 9
  assert len(os.listdir(tmp_path)) == 1
  assert list_episodes(tmp_path) == []


def change(episode, key, value):
  if value is None:
    del episode[key]
  else:
    episode[key] = value(episode[key])


@pytest.mark.parametrize(
  'key, value, message',
  [
    ('reward', None, 'has no reward, only image, action, position'),
    ('image', lambda x: x / 255, 'image is float.* must be uint8 of rank 4'),
    ('image', lambda x: x[0], 'must be uint8 of rank 4'),
    ('action', lambda x: x[:, 0], 'action .* must be numbers of rank 2'),
    ('action', lambda x: x[:-1], 'one length .* image 6, action 5'),
    ('reward', lambda x: x * np.nan, 'reward is not finite at step 0'),
    ('reward', lambda x: x * 1e300, 'reward is not finite'),
    ('position', lambda x: x[0, 0], 'one length .* position 0'),
    ('position', lambda x: x.astype(str), 'position is <U.* must be numbers'),
  ],
)
def test_invalid_episode_raises(tmp_path, key, value, message):
  episode = make_episode()
  change(episode, key, value)
  with pytest.raises(EpisodeError, match=message):
    write_episode(tmp_path, episode)
  assert os.listdir(tmp_path) == []
  # The reader raises the same error for files written by other programs.
  path = tmp_path / 'foreign.npz'
  np.savez_compressed(path, **episode)
  with pytest.raises(EpisodeError, match=message) as error:
    read_episode(path)
  assert str(error.value).startswith(f'{path}: ')
  assert '\n' not in str(error.value)


def test_empty_episode_raises(tmp_path):
  episode = {key: value[:0] for key, value in make_episode().items()}
  with pytest.raises(EpisodeError, match='length of at least 1'):
    write_episode(tmp_path, episode)


@pytest.mark.parametrize(
  'content', [b'', b'not a zip', b'PK\x03\x04' + b'x' * 99]
)
def test_file_without_zip_raises(tmp_path, content):
  path = tmp_path / 'foreign.npz'
  path.write_bytes(content)
  with pytest.raises(EpisodeError, match='is damaged') as error:
    read_episode(path)
  assert str(error.value).startswith(f'{path}: ')
  assert path.read_bytes() == content


def test_other_files_raise(tmp_path):
  path = tmp_path / 'foreign.npz'
  with zipfile.ZipFile(path, 'w') as archive:
    archive.writestr('readme.txt', 'hello')
  with pytest.raises(EpisodeError, match='is damaged'):
    read_episode(path)
  with open(path, 'wb') as file:
    np.save(file, np.zeros(3))
  with pytest.raises(EpisodeError, match='is damaged'):
    read_episode(path)
  with pytest.raises(EpisodeError, match='gone.npz: does not exist'):
    read_episode(tmp_path / 'gone.npz')
  (tmp_path / 'folder.npz').mkdir()
  with pytest.raises(EpisodeError, match='is a folder'):
    read_episode(tmp_path / 'folder.npz')


def test_pickled_objects_are_not_executed(tmp_path):
  episode = make_episode()
  episode['secret'] = np.array([print] * 6, dtype=object)
  path = tmp_path / 'foreign.npz'
  np.savez(path, **episode)
  with pytest.raises(EpisodeError, match='secret is object'):
    read_episode(path)


def test_damaged_files_raise_or_keep_values(tmp_path):
  """Truncates the file and overwrites random bytes."""
  intact = make_episode()
  whole = write_episode(tmp_path, intact).read_bytes()
  intact = {key: np.float32(value) for key, value in intact.items()}
  path = tmp_path / 'damaged.npz'
  rng = np.random.default_rng(0)
  refused = 0
  for trial in range(400):
    content = bytearray(whole)
    if trial < 50:
      content = content[: rng.integers(len(whole))]
    else:
      start = rng.integers(len(whole))
      content[start : start + rng.integers(1, 5)] = rng.bytes(4)
    path.write_bytes(content)
    try:
      read = read_episode(path)
    except EpisodeError as error:
      refused += 1
      assert str(error).startswith(f'{path}: ')
      assert '\n' not in str(error)
      continue
    for key, value in read.items():
      np.testing.assert_array_equal(value, intact[key])
  assert refused > 300
