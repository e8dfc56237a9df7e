"""Tests of errors that users can fix."""

import errno
import importlib
import inspect
import os
import pickle
import pkgutil

import pytest

import planet_tf
from planet_tf import errors
from planet_tf.errors import FileError, UserError, file_errors

# Raised to a caller inside the package, like all private exceptions.
INTERNAL = {'NpzError'}


@pytest.mark.parametrize(
  'number',
  [errno.EACCES, errno.EDQUOT, errno.EISDIR, errno.ENOSPC, errno.EROFS],
)
def test_operating_system_errors_end_in_one_line(number):
  with (
    pytest.raises(FileError) as caught,
    file_errors('write', '/full/a.json'),
  ):
    raise OSError(number, os.strerror(number), '/full/a.json')
  text = str(caught.value)
  assert "Cannot write '/full/a.json'" in text
  assert os.strerror(number) in text
  assert '\n' not in text
  assert caught.value.exit_code == 2


def test_user_errors_and_bugs_pass_unchanged():
  for error in (FileError('inner'), UserError('inner'), KeyError('bug')):
    with pytest.raises(type(error)) as caught, file_errors('write', 'a'):
      raise error
    assert caught.value is error


def test_one_line_removes_line_breaks_and_limits_the_length():
  assert errors.one_line(ValueError('a\n  b')) == 'a b'
  assert len(errors.one_line(ValueError('a' * 300))) == 200


def test_did_you_mean_returns_the_closest_name_or_nothing():
  assert errors.did_you_mean('trian', ['eval', 'train']) == (
    "; did you mean 'train'?"
  )
  assert errors.did_you_mean('xyz', ['eval', 'train']) == ''


def _own_exceptions():
  for module in pkgutil.walk_packages(planet_tf.__path__, 'planet_tf.'):
    # Commands define flags when they are imported.
    if module.name.count('.') == 1 and module.name != 'planet_tf.cli':
      continue
    for name, value in vars(importlib.import_module(module.name)).items():
      own = getattr(value, '__module__', '').startswith('planet_tf.')
      if not own or name.startswith('_') or name in INTERNAL:
        continue
      if inspect.isclass(value) and issubclass(value, Exception):
        yield value


def test_every_exception_of_the_package_is_a_user_error():
  found = set(_own_exceptions())
  assert len(found) > 10
  for value in found:
    assert issubclass(value, UserError), value
    # Worker processes send their errors to the parent.
    assert str(pickle.loads(pickle.dumps(value('text')))) == 'text'
