"""Tests of records in metrics.jsonl."""

import json

from planet_tf.analysis import read_metrics
from planet_tf.logs.recorder import Recorder
from planet_tf.runs.counters import Counters


def test_rewind_moves_records_after_the_checkpoint(tmp_path):
  recorder = Recorder(tmp_path)
  for updates in range(4):
    recorder.scalars('train', Counters(updates=updates), {'loss': 0.5})
  assert recorder.records == 4
  again = Recorder(tmp_path)
  again.rewind(2)
  again.scalars('test', Counters(updates=2), {'return': 7.0})
  lines = read_metrics(tmp_path)
  assert [line['updates'] for line in lines] == [0, 1, 2]
  assert read_metrics(tmp_path, 'test')[0]['return'] == 7.0
  assert again.records == 3
  moved = (tmp_path / 'metrics.superseded.jsonl').read_text().splitlines()
  assert [json.loads(line)['updates'] for line in moved] == [2, 3]


def test_rewind_without_a_file(tmp_path):
  recorder = Recorder(tmp_path)
  recorder.rewind(5)
  assert recorder.records == 0


def test_a_line_cut_short_is_left_out(tmp_path):
  recorder = Recorder(tmp_path)
  recorder.scalars('train', Counters(), {'loss': 1.0})
  with (tmp_path / 'metrics.jsonl').open('a') as file:
    file.write('{"updates": 1, "lo')
  assert len(read_metrics(tmp_path)) == 1
