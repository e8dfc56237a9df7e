"""Tests of profiles."""

import pytest

from planet_tf.training.profiling import Profiler, UpdateRange


def test_profile_is_written(debug_run):
  profiles = list((debug_run / 'train' / 'plugins' / 'profile').glob('*/*'))
  assert any(x.name.endswith('.xplane.pb') for x in profiles)


@pytest.mark.parametrize('text', ['', '5', '5:', '7:7', '9:3', 'a:b', '-1:4'])
def test_invalid_ranges_raise(text):
  with pytest.raises(ValueError, match='not of the form FIRST:END'):
    UpdateRange.parse(text)


def test_no_range_writes_no_profile(tmp_path):
  profiler = Profiler(tmp_path, None)
  profiler.before_update()
  profiler.after_update()
  profiler.stop()
  assert not list(tmp_path.iterdir())
