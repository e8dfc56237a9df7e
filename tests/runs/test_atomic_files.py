"""Tests of atomic writes."""

import errno
import json
import os
import pathlib

import pytest

from planet_tf.errors import FileError
from planet_tf.runs import atomic_files


def test_writes_text_and_json_and_leaves_no_other_file(tmp_path):
  path = tmp_path / 'a.json'
  atomic_files.atomic_write(path, 'old')
  assert path.read_text() == 'old'
  atomic_files.atomic_write_json(path, {'a': [1, 2]})
  assert json.loads(path.read_text()) == {'a': [1, 2]}
  assert list(tmp_path.iterdir()) == [path]


def test_syncs_the_file_before_the_rename_and_the_folder_after(
  tmp_path, monkeypatch
):
  calls = []
  replace = pathlib.Path.replace

  def record_sync(descriptor):
    target = os.readlink(f'/proc/self/fd/{descriptor}')
    calls.append('folder' if target == str(tmp_path) else 'file')

  def record_replace(self, target):
    calls.append('rename')
    return replace(self, target)

  monkeypatch.setattr(os, 'fsync', record_sync)
  monkeypatch.setattr(pathlib.Path, 'replace', record_replace)
  atomic_files.atomic_write(tmp_path / 'a.txt', 'text')
  assert calls == ['file', 'rename', 'folder']


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_failed_write_keeps_the_old_file(tmp_path, monkeypatch, number):
  path = tmp_path / 'a.txt'
  path.write_text('old')

  def fail(descriptor):
    del descriptor
    raise OSError(number, os.strerror(number))

  monkeypatch.setattr(os, 'fsync', fail)
  with pytest.raises(FileError, match=os.strerror(number)) as caught:
    atomic_files.atomic_write(path, 'new')
  assert str(path) in str(caught.value)
  assert path.read_text() == 'old'
  assert list(tmp_path.iterdir()) == [path]
