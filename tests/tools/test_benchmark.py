"""Tests of the benchmark, at sizes that take a second."""

import json

import pytest

from planet_tf.cli import UsageError
from planet_tf.config import model_factories
from planet_tf.config.registry import ConfigurationError
from planet_tf.envs import UnknownTask
from planet_tf.errors import FileError
from tests.commands import ROOT, run_tool
from tools.benchmark import (
  PARTS,
  job,
  machine,
  parts,
  plan,
  records,
  report,
  runner,
  sizes,
  timing,
  work,
)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
  """Short measurements, in this process."""
  monkeypatch.setattr(timing, 'SECONDS_PER_REPEAT', 0.001)
  monkeypatch.setattr(machine, 'SIDE', 16)
  monkeypatch.setattr(machine, 'IMAGES', 1)
  monkeypatch.setattr(runner, '_run', job.main)


def _jobs(parts, **changes):
  options = {
    'sizes': ['debug'],
    'planners': [],
    'updates': [],
    'agents': ['1'],
    'precision': 'float32',
    'num_splits': '1',
    'task': ['dummy'],
  }
  return plan.make_jobs(parts, **{**options, **changes})


def test_measure_keeps_the_first_call_apart(monkeypatch):
  now = iter([0, 9, 10, 11, 20, 22, 30, 33, 40, 48])
  monkeypatch.setattr(timing.time, 'perf_counter', lambda: next(now))
  calls = []
  result = timing.measure(lambda: calls.append(1), 3)
  assert len(calls) == 5  # First, warm-up, three repeats.
  assert result == timing.Timing(
    first_seconds=9,
    median_seconds=3,
    minimum_seconds=2,
    maximum_seconds=8,
    repeats=3,
    calls_per_repeat=1,
  )


def test_measure_repeats_short_calls(monkeypatch):
  now = iter([0, 0, 0, 0.25, 1, 3])
  monkeypatch.setattr(timing, 'SECONDS_PER_REPEAT', 1.0)
  monkeypatch.setattr(timing.time, 'perf_counter', lambda: next(now))
  result = timing.measure(lambda: None, 1)
  assert result.calls_per_repeat == 4
  assert result.median_seconds == 0.5


def test_jobs_follow_the_sizes():
  jobs = _jobs(
    PARTS,
    sizes=['paper', 'cpu'],
    planners=['500x5', '100x5'],
    updates=['16x32'],
    agents=['1', '10'],
    task=['dummy'],
  )
  found = [(job.part, job.size.name) for job in jobs]
  assert found == [
    *[('action', 'paper')] * 2,
    *[('action', 'cpu')] * 2,
    *[('action', '500x5')] * 2,
    *[('action', '100x5')] * 2,
    *[('exported', 'paper')] * 4,
    *[('exported', 'cpu')] * 4,
    ('filter', 'paper'),
    ('update', 'paper'),
    ('update', 'cpu'),
    ('update', '16x32'),
    ('cycle', 'cpu'),
    *[('env_step', 'paper')] * 4,
    ('batch', 'paper'),
    ('batch', 'cpu'),
    ('batch', '16x32'),
    ('preprocess', 'paper'),
    ('preprocess', 'cpu'),
    ('preprocess', '16x32'),
  ]


def test_sizes_are_configurations():
  sizes.named_size('paper').apply()
  assert sizes.current('make_planner') == {
    'horizon': 12,
    'iterations': 10,
    'candidates': 1000,
    'elites': 100,
    'refit_clipped': True,
  }
  sizes.planner_size('500x5').apply()
  assert sizes.current('make_planner') == {
    'horizon': 12,
    'iterations': 5,
    'candidates': 500,
    'elites': 50,
    'refit_clipped': True,
  }
  size = sizes.with_numerics(sizes.update_size('16x32'), 'bfloat16', '3')
  size.apply()
  assert sizes.current('make_sampler')['batch'] == 16
  assert sizes.current('make_sampler')['length'] == 32
  assert sizes.current('make_world_model')['precision'] == 'bfloat16'
  assert sizes.current('make_world_model')['num_splits'] == 3


@pytest.mark.parametrize(
  ('changes', 'error', 'message'),
  [
    ({'parts': ['updat']}, UsageError, "did you mean 'update'"),
    ({'agents': ['0']}, UsageError, '--agents=0 must be a number'),
    ({'num_splits': 'two'}, UsageError, '--num_splits=two must be a number'),
    ({'planners': ['500']}, UsageError, '--planners=500 must have the form'),
    ({'updates': ['0x5']}, UsageError, '--updates=0x5 must have the form'),
    ({'sizes': ['cpus']}, ConfigurationError, "did you mean 'scale/cpu.gin'"),
    ({'task': ['dumy']}, UnknownTask, "did you mean 'dummy'"),
  ],
)
def test_mistakes_are_named_before_any_work(changes, error, message):
  with pytest.raises(error, match=message):
    _jobs(**{'parts': PARTS, **changes})


def test_all_parts_are_measured_and_written(tmp_path, monkeypatch):
  monkeypatch.setattr(plan, 'EXPORTS', ('litert',))
  output = tmp_path / 'benchmark.json'
  session = machine.describe()
  record = runner.measure_all(_jobs(PARTS), session, 1, output, with_gemm=True)
  assert json.loads(output.read_text()) == record
  assert records.read(str(output)) == record
  assert record['finished']
  for when in ('before', 'after'):
    for dtype in ('float32', 'bfloat16'):
      assert record['gemm'][when][dtype]['median_gflops'] > 0
  rows = record['results']
  assert [row['label'] for row in rows if row['part'] != 'env_step'] == [
    '5x2 H6 N=1 float32 1 split',
    'litert float32 1 split',
    'float32 1 split',
    '2x10 float32 1 split',
    '10 updates and an episode of dummy',
    '2x10 recent',
    '2x10',
  ]
  for row in rows:
    assert row['first_seconds'] > 0
    assert 0 < row['minimum_seconds'] <= row['median_seconds']
    assert row['median_seconds'] <= row['maximum_seconds']
    assert row.get('traces', 1) == 1  # A retrace would invalidate the timing.
  env_rows = [row for row in rows if row['part'] == 'env_step']
  assert [row['settings']['workers'] for row in env_rows] == [1, 2, 1, 2]
  for row in env_rows:
    scale = row['settings']['workers'] * row['settings']['action_repeat']
    assert row['seconds_per_env_step'] * scale == pytest.approx(
      row['median_seconds']
    )
  for row in rows:
    assert row['peak_memory_gb'] > 0
    if row['part'] == 'exported':
      assert row['megabytes'] > 0.1
    if row['part'] in ('action', 'update'):
      assert row['peak_gflops']['bfloat16'] > 0
      assert row['share_of_peak'] > 0
  text = report.table(record)
  for row in rows:
    assert row['label'] in text
  assert session['processor'] in text


@pytest.mark.slow
def test_all_formats_of_exports_are_measured(tmp_path):
  jobs = _jobs(['exported'])
  record = runner.measure_all(jobs, {}, 1, tmp_path / 'a.json', with_gemm=False)
  rows = record['results']
  labels = [f'{form} float32 1 split' for form in plan.EXPORTS]
  assert [row['label'] for row in rows] == labels
  for row in rows:
    assert row['megabytes'] > 0.1
    assert 0 < row['median_seconds'] <= row['maximum_seconds']


def test_an_update_that_does_not_fit_is_skipped(monkeypatch, tmp_path):
  monkeypatch.setattr(parts, 'available_memory', lambda: 0.5)
  jobs = _jobs(['update'], sizes=['paper'])
  session = machine.describe()
  record = runner.measure_all(
    jobs, session, 1, tmp_path / 'out.json', with_gemm=False
  )
  (row,) = record['results']
  assert row['skipped'] == (
    'an update of 50x50 frames needs about 3.3 GB, 0.5 GB are free'
  )
  assert row['skipped'] in report.table(record)


def _record(seconds, gflops, **changes):
  peak = {'float32': {'median_gflops': gflops}}
  row = {
    'part': 'update',
    'size': 'paper',
    'label': '50x50',
    'precision': 'bfloat16',
    'num_splits': 1,
    'peak_gflops': {'float32': 1.0, 'bfloat16': gflops},
    'median_seconds': seconds,
    **changes,
  }
  return {
    'format': records.FORMAT,
    'session': {'commit': 'abc', 'processor': 'Abacus'},
    'gemm': {'before': peak, 'after': peak},
    'results': [row],
  }


def test_files_of_format_2_are_read(tmp_path):
  record = _record(6.0, 100.0, label='50x50 bfloat16 2 chains')
  record['format'] = 2
  record['session']['auto_chains'] = 2
  row = record['results'][0]
  row['chains'] = row.pop('num_splits')
  path = tmp_path / 'old.json'
  path.write_text(json.dumps(record))
  found = records.read(str(path))
  assert found['format'] == records.FORMAT
  assert found['session']['auto_num_splits'] == 2
  assert found['results'][0]['num_splits'] == 1
  assert found['results'][0]['label'] == '50x50 bfloat16 2 splits'
  new = _record(3.0, 100.0, label='50x50 bfloat16 2 splits')
  assert ' 0.50 ' in report.comparison(found, new)


@pytest.mark.parametrize(
  'name', ['amd-epyc-zen4-2cores', 'amd-epyc-zen4-2cores-compare']
)
def test_published_timings_are_read(name):
  record = records.read(f'{ROOT}/results/benchmark/{name}.json')
  text = report.full_report(record, record, compare=True)
  assert ' 1.00 ' in text and "'auto' chooses" in text


def test_comparison_scales_by_the_peak():
  # Half the time on a machine that is twice as fast is not faster code.
  text = report.comparison(_record(6.0, 100.0), _record(3.0, 200.0))
  assert 'Against abc on Abacus' in text
  assert text.splitlines()[-1].split()[-4:] == ['6.00', '3.00', '0.50', '1.00']


def test_comparison_flags_what_is_slower():
  text = report.comparison(_record(6.0, 100.0), _record(4.0, 200.0))
  assert text.splitlines()[-1].split()[-2:] == ['1.33', 'SLOWER']


def test_comparison_without_peaks_or_rows():
  rendering = {'part': 'env_step', 'peak_gflops': None}
  old, new = (_record(x, 1.0, **rendering) for x in (6.0, 3.0))
  for record in (old, new):
    del record['results'][0]['peak_gflops']
  assert report.comparison(old, new).splitlines()[-1].split()[-1] == '0.50'
  new['gemm'] = {}
  assert report.comparison(old, new).splitlines()[-1].split()[-1] == '-'
  assert 'no common rows' in report.comparison(old, {**new, 'results': []})


def test_verdict_on_the_automatic_choice():
  found = [
    _record(seconds, 1.0, precision=precision, num_splits=num_splits)
    for seconds, precision, num_splits in (
      (4.0, 'float32', 1),
      (2.0, 'bfloat16', 1),
      (1.0, 'bfloat16', 2),
    )
  ]
  rows = [record['results'][0] for record in found]
  record = {**found[0], 'results': rows}
  text = report.verdict(record, 'bfloat16', 2)
  assert 'fastest is bfloat16 in 2 splits, as chosen' in text
  assert "'auto' takes 300% longer" in report.verdict(record, 'float32', 1)


def test_alternatives_are_all_precisions_and_splits():
  jobs = plan.make_alternatives(['paper'], cores=2)
  params = {(job.part, *job.size.params) for job in jobs}
  assert len(params) == len(jobs) == 2 * 2 * 2
  assert len(plan.make_alternatives(['paper'], cores=1)) == 2 * 2


def test_work_is_that_of_the_paper():
  sizes.named_size('paper').apply()
  model = model_factories.make_world_model(6)
  planner = sizes.current('make_planner')
  flops = work.plan_flops(model, planner, agents=1)
  assert flops == pytest.approx(132e9, rel=0.01)
  assert work.update_flops(model, 2500) == pytest.approx(595e9, rel=0.03)


def test_rendering_is_timed_without_tensorflow():
  row = job.main(
    {
      'part': 'render',
      'size': {'name': 'paper'},
      'options': {'task': 'cartpole_swingup', 'quality': 'fast'},
      'repeats': 1,
    }
  )
  assert row['label'] == 'cartpole_swingup fast'
  assert 1e-4 < row['median_seconds'] < row['first_seconds'] + 1


def test_a_job_runs_in_a_separate_process(monkeypatch):
  monkeypatch.undo()
  session = runner.describe()
  assert session['cores'] >= 1
  monkeypatch.setattr(runner.sys, 'executable', 'false')
  with pytest.raises(runner.JobFailed, match='Measuring nothing ended with'):
    runner._run({'part': 'nothing', 'size': {'name': 'paper'}})


def test_drift_is_relative_and_gives_a_warning():
  def gemm(after):
    peaks = {'before': 100.0, 'after': after}
    return {
      when: {'float32': {'median_gflops': peak}} for when, peak in peaks.items()
    }

  assert machine.relative_drift(gemm(80.0), 'float32') == pytest.approx(-0.2)
  assert 'changed by -20%' in machine.unsteady({'gemm': gemm(80.0)})
  assert machine.unsteady({'gemm': gemm(105.0)}) is None
  assert machine.unsteady({'gemm': {}}) is None


def test_busy_machines_are_noticed():
  assert machine.busy({'load_average': [0.1, 0, 0], 'cores': 2}) is None
  warning = machine.busy({'load_average': [1.5, 0, 0], 'cores': 2})
  assert 'load average 1.50 on 2 cores' in warning


@pytest.mark.parametrize('content', [None, 'text', '{"format": 0}', '[]'])
def test_other_files_are_refused(tmp_path, content):
  path = tmp_path / 'old.json'
  if content is not None:
    path.write_text(content)
  with pytest.raises((FileError, UsageError), match='old.json'):
    records.read(str(path))


def test_bad_flags_end_in_one_line():
  result = run_tool('benchmark', '--baseline=/nowhere.json')
  assert result.returncode == 2
  assert result.stderr.splitlines()[-1].startswith(
    "Error: Cannot read '/nowhere.json'"
  )
  assert 'Traceback' not in result.stderr
