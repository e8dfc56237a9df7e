"""Tests of the names of planet_tf.analysis."""

import pytest

from planet_tf import analysis


def test_all_names_are_found():
  for name in analysis.__all__:
    assert getattr(analysis, name).__doc__
  assert dir(analysis) == analysis.__all__
  with pytest.raises(AttributeError, match='no attribute'):
    analysis.nothing  # noqa: B018
