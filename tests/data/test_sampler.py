import json
import os
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest

from planet_tf.data import (
  ChunkSampler,
  EpisodeError,
  SamplerError,
  read_episode,
  write_episode,
)
from planet_tf.data.cache import cached_reader

LOADERS = ['recent', 'cache', 'reload', 'uniform']


def add_episode(directory, number, steps=12):
  """Writes an episode whose rewards encode the episode and the step."""
  reward = number * 100 + np.arange(steps, dtype=np.float64)
  image = np.zeros((steps, 2, 2, 3), np.uint8) + np.uint8(number)
  image[:, 0, 0, 0] = np.arange(steps)
  action = np.stack([reward, -reward], -1)
  episode = {'image': image, 'action': action, 'reward': reward}
  return write_episode(directory, episode)


def fill(directory, amount, **kwargs):
  return [add_episode(directory, index, **kwargs) for index in range(amount)]


def make(directory, **kwargs):
  defaults = {'batch': 4, 'length': 5, 'interval': 6}
  return ChunkSampler(directory, **{**defaults, **kwargs})


def rewards(batches):
  return np.stack([batch['reward'] for batch in batches])


def test_batch_contains_chunks(tmp_path):
  fill(tmp_path, 3)
  batch = make(tmp_path).sample()
  assert {k: (v.shape, str(v.dtype)) for k, v in batch.items()} == {
    'image': ((4, 5, 2, 2, 3), 'uint8'),
    'action': ((4, 5, 2), 'float32'),
    'reward': ((4, 5), 'float32'),
  }
  assert (np.diff(batch['reward'], axis=1) == 1).all()
  np.testing.assert_array_equal(batch['action'][..., 0], batch['reward'])
  np.testing.assert_array_equal(
    batch['image'][:, :, 1, 1, 0], batch['reward'] // 100
  )
  np.testing.assert_array_equal(
    batch['image'][:, :, 0, 0, 0], batch['reward'] % 100
  )


def test_batch_of_original_episodes(golden_root):
  sampler = ChunkSampler(
    golden_root / 'episodes/cheetah_run', batch=3, length=50
  )
  batch = sampler.sample()
  assert batch['image'].shape == (3, 50, 64, 64, 3)
  assert batch['action'].shape == (3, 50, 6)
  assert sampler.episode_count == 2
  assert sampler.step_count == 502


def test_batches_are_copies(tmp_path):
  paths = fill(tmp_path, 1)
  sampler = make(tmp_path)
  sampler.sample()['reward'][:] = -1
  assert (sampler.sample()['reward'] >= 0).all()
  assert read_episode(paths[0])['reward'][0] == 0


def test_consecutive_chunks_stay_in_order(tmp_path):
  """Chunks that do not fit into a batch start the next one."""
  fill(tmp_path, 4, steps=24)
  sampler = make(tmp_path, num_chunks=3, interval=4, loader='cache')
  chunks = rewards(sampler.batches(9)).reshape(12, 3, 5)
  assert (np.diff(chunks.reshape(12, 15), axis=1) == 1).all()
  starts = chunks[:, 0, 0]
  # Each of three cycles draws each of the four episodes once.
  for cycle in (starts // 100).reshape(3, 4):
    assert sorted(cycle) == [0, 1, 2, 3]


def test_default_number_of_chunks_matches_original(tmp_path):
  fill(tmp_path, 1, steps=24)
  sampler = make(tmp_path, num_chunks=None)
  # 24 // 5 - 1 = 3 chunks of an episode.
  chunks = rewards(sampler.batches(3)).reshape(4, 15)
  assert (np.diff(chunks, axis=1) == 1).all()


def test_new_files_are_used_after_next_listing(tmp_path):
  fill(tmp_path, 2)
  sampler = make(tmp_path, batch=2, interval=6, loader='cache')
  batches = [sampler.sample()]
  add_episode(tmp_path, 7)
  batches += [sampler.sample() for _ in range(2)]
  assert (rewards(batches) < 200).all()
  assert (sampler.episode_count, sampler.step_count) == (2, 24)
  batches = rewards(sampler.sample() for _ in range(3))
  assert (batches[..., 0] // 100 == 7).sum() == 2
  assert (sampler.episode_count, sampler.step_count) == (3, 36)


@pytest.mark.parametrize('loader', LOADERS)
def test_cache_size_does_not_change_draws(tmp_path, loader):
  fill(tmp_path, 7)
  one, many = (
    rewards(make(tmp_path, loader=loader, cache_gib=size).batches(12))
    for size in (0.0, 1.0)
  )
  np.testing.assert_array_equal(one, many)


def test_cache_is_bounded_and_drops_least_recently_used():
  reads = []

  def read(name):
    reads.append(name)
    return {'image': np.full(100 if name == 'L' else 10, ord(name), np.uint8)}

  cached = cached_reader(read, 25)
  for name in 'abacab':
    assert cached(name)['image'][0] == ord(name)
    assert len(cached.cache) <= 2
  # c replaces b; then b replaces c, because a was used later.
  assert ''.join(reads) == 'abcb'
  # An episode larger than the cache is never cached.
  for _ in range(2):
    assert len(cached('L')['image']) == 100
    assert len(cached.cache) == 2
  assert ''.join(reads) == 'abcbLL'


def test_cache_of_sampler_is_bounded(tmp_path):
  fill(tmp_path, 7)
  sampler = make(tmp_path, cache_gib=800 / 2**30)  # Two episodes, 288 bytes.
  list(sampler.batches(12))
  assert len(sampler._read.cache) == 2


@pytest.mark.parametrize('num_chunks', [1, 2, None])
@pytest.mark.parametrize('loader', LOADERS)
def test_resume_is_exact(tmp_path, loader, num_chunks):
  """New files appear at the same time; the state goes through JSON."""
  kwargs = {'loader': loader, 'num_chunks': num_chunks, 'length': 4}
  whole, parts = tmp_path / 'whole', tmp_path / 'parts'
  expected, actual = [], []
  for directory in (whole, parts):
    fill(directory, 3, steps=16)
  uninterrupted, sampler = make(whole, **kwargs), make(parts, **kwargs)
  for number in range(3, 11):
    expected += uninterrupted.batches(3)
    actual += sampler.batches(3)
    for directory in (whole, parts):
      add_episode(directory, number, steps=16)
    state = json.loads(json.dumps(sampler.state_dict()))
    sampler = make(parts, **kwargs, cache_gib=1e-6, seed=99)
    sampler.load_state_dict(state)
    assert sampler.step_count == uninterrupted.step_count
  np.testing.assert_array_equal(rewards(actual), rewards(expected))
  assert sampler.episode_count > 5


@pytest.mark.parametrize('loader', LOADERS)
def test_state_during_iteration_is_that_of_last_batch(tmp_path, loader):
  fill(tmp_path, 5)
  expected = rewards(make(tmp_path, loader=loader).batches(10))
  sampler = make(tmp_path, loader=loader)
  for index, _ in enumerate(sampler.batches(10)):
    resumed = make(tmp_path, loader=loader)
    resumed.load_state_dict(json.loads(json.dumps(sampler.state_dict())))
    rest = 9 - index
    if rest:
      np.testing.assert_array_equal(
        rewards(resumed.batches(rest)), expected[index + 1 :]
      )


def test_batches_equal_samples(tmp_path):
  fill(tmp_path, 5)
  single, rounds = make(tmp_path), make(tmp_path)
  expected = [single.sample() for _ in range(9)]
  actual = [*rounds.batches(2), *rounds.batches(0), *rounds.batches(6)]
  actual.append(rounds.sample())
  np.testing.assert_array_equal(rewards(actual), rewards(expected))
  assert single.state_dict() == rounds.state_dict()


def test_stopping_early_loses_no_batch(tmp_path):
  fill(tmp_path, 5)
  expected = rewards(make(tmp_path).batches(6))
  sampler = make(tmp_path)
  actual = []
  for batch in sampler.batches(100):
    actual.append(batch)
    if len(actual) == 3:
      break
  actual += sampler.batches(3)
  np.testing.assert_array_equal(rewards(actual), expected)


def test_prefetches_one_batch_in_a_thread(tmp_path, monkeypatch):
  fill(tmp_path, 3)
  sampler = make(tmp_path)
  threads, ready = [], threading.Semaphore(0)
  prepare = sampler._prepare

  def spy(position):
    result = prepare(position)
    threads.append(threading.current_thread())
    ready.release()
    return result

  monkeypatch.setattr(sampler, '_prepare', spy)
  for index, _ in enumerate(sampler.batches(4)):
    for _ in range(2 if index == 0 else int(index < 3)):
      assert ready.acquire(timeout=10)
    assert len(threads) == min(index + 2, 4)
  assert threading.main_thread() not in threads
  assert not any(thread.is_alive() for thread in threads)


def test_folder_is_not_read_after_last_batch(tmp_path):
  """The iteration ends with a cycle; the next one finds the new file."""
  fill(tmp_path, 2)
  sampler = make(tmp_path, batch=2, interval=6, loader='cache')
  assert len(list(sampler.batches(3))) == 3
  add_episode(tmp_path, 7)
  assert (rewards(sampler.batches(3)) >= 700).any()


def test_error_in_thread_reaches_caller(tmp_path):
  fill(tmp_path, 2)
  sampler = make(tmp_path, batch=2, interval=6, loader='cache')
  received = []
  with pytest.raises(EpisodeError, match='was removed'):
    for batch in sampler.batches(9):
      received.append(batch)
      if len(received) == 1:
        path = sorted(tmp_path.iterdir())[0]
        content = path.read_bytes()
        path.unlink()
  assert len(received) == 3
  # With the file back, the sampler continues without losing a batch.
  path.write_bytes(content)
  received += sampler.batches(6)
  expected = make(tmp_path, batch=2, interval=6, loader='cache').batches(9)
  np.testing.assert_array_equal(rewards(received), rewards(expected))


def test_use_during_iteration_raises(tmp_path):
  fill(tmp_path, 2)
  sampler = make(tmp_path)
  state = sampler.state_dict()
  iteration = sampler.batches(3)
  next(iteration)
  for use in (
    sampler.sample,
    lambda: next(sampler.batches(1)),
    lambda: sampler.load_state_dict(state),
  ):
    with pytest.raises(SamplerError, match=r'iteration over batches\(\)'):
      use()
  iteration.close()
  sampler.sample()


def test_empty_folder_raises(tmp_path):
  for directory in (tmp_path, tmp_path / 'missing'):
    with pytest.raises(EpisodeError, match='holds no episode files') as error:
      make(directory).sample()
    assert str(error.value).startswith(f'{directory}: ')


def test_too_short_episode_raises(tmp_path):
  fill(tmp_path, 2)
  path = add_episode(tmp_path, 3, steps=7)
  make(tmp_path, length=7).sample()
  for kwargs in ({'length': 8}, {'length': 4, 'num_chunks': 2}):
    with pytest.raises(EpisodeError, match='has 7 steps, but 8 are') as error:
      make(tmp_path, **kwargs).sample()
    assert str(error.value).startswith(f'{path}: ')


def test_damaged_file_raises_and_is_kept(tmp_path):
  fill(tmp_path, 2)
  path = tmp_path / 'foreign.npz'
  path.write_bytes(b'not a zip')
  sampler = make(tmp_path)
  for _ in range(2):
    with pytest.raises(EpisodeError, match='is damaged') as error:
      sampler.sample()
    assert str(error.value).startswith(f'{path}: ')
  assert path.read_bytes() == b'not a zip'
  path.unlink()
  np.testing.assert_array_equal(
    sampler.sample()['reward'], make(tmp_path).sample()['reward']
  )


def test_episode_of_another_task_raises(tmp_path):
  fill(tmp_path, 2)
  episode = read_episode(add_episode(tmp_path / 'other', 0))
  episode['action'] = np.zeros((12, 6))
  path = write_episode(tmp_path, episode)
  message = r'action is float32 \[6\] per step, but float32 \[2\]'
  with pytest.raises(EpisodeError, match=message) as error:
    make(tmp_path).sample()
  assert str(error.value).startswith(f'{path}: ')


def test_missing_key_raises(tmp_path):
  fill(tmp_path, 1)
  with pytest.raises(EpisodeError, match='has no speed, only image'):
    make(tmp_path, keys=('image', 'speed')).sample()


def test_reads_only_given_keys(tmp_path):
  fill(tmp_path, 1)
  batch = make(tmp_path, keys=('reward',)).sample()
  assert list(batch) == ['reward']


def test_missing_file_raises_on_resume(tmp_path):
  paths = fill(tmp_path, 3)
  sampler = make(tmp_path)
  sampler.sample()
  paths[1].unlink()
  with pytest.raises(EpisodeError, match='does not exist') as error:
    make(tmp_path).load_state_dict(sampler.state_dict())
  assert str(error.value).startswith(f'{paths[1]}: ')


def test_replaced_file_raises(tmp_path):
  (path,) = fill(tmp_path, 1)
  sampler = make(tmp_path, interval=100)
  sampler.element_spec()
  os.replace(add_episode(tmp_path / 'other', 0, steps=20), path)
  sampler._read.cache.clear()
  with pytest.raises(EpisodeError, match='was replaced') as error:
    sampler.sample()
  assert str(error.value).startswith(f'{path}: ')


def test_state_is_small_and_has_no_directory(tmp_path):
  fill(tmp_path, 30)
  sampler = make(tmp_path, interval=60)
  sampler.sample()
  text = json.dumps(sampler.state_dict())
  assert str(tmp_path) not in text
  assert len(text) < 30 * 60 + 60 * 5 + 600


def test_state_of_other_settings_raises(tmp_path):
  fill(tmp_path, 1)
  state = make(tmp_path).state_dict()
  with pytest.raises(SamplerError, match='length=5, but this .* length=6'):
    make(tmp_path, length=6).load_state_dict(state)


@pytest.mark.parametrize(
  'kwargs, message',
  [
    ({'loader': 'recen'}, "did you mean 'recent'"),
    ({'batch': 0}, 'batch=0 must be an integer of at least 1'),
    ({'length': 2.5}, 'length=2.5'),
    ({'interval': 1}, 'interval=1 must be an integer of at least 2'),
    ({'num_chunks': 0}, 'num_chunks=0'),
    ({'cache_gib': -1.0}, 'cache_gib=-1.0 must be at least 0'),
  ],
)
def test_invalid_settings_raise(tmp_path, kwargs, message):
  with pytest.raises(SamplerError, match=message):
    make(tmp_path, **kwargs)


def test_episodes_and_sampler_need_no_tensorflow():
  code = (
    'import sys; from planet_tf.data import ChunkSampler, write_episode;'
    'sys.exit("tensorflow" in sys.modules)'
  )
  root = pathlib.Path(__file__).parents[2]
  result = subprocess.run([sys.executable, '-c', code], cwd=root)
  assert result.returncode == 0
