"""Tables from run directories whose numbers are known."""

import csv
import json

import numpy as np
import pytest
from scipy import stats

from planet_tf.cli import UsageError
from planet_tf.runs.directory import RunError
from tests.commands import run_tool
from tools.paper_tables import curves, efficiency, table
from tools.paper_tables.groups import read_group, read_groups
from tools.paper_tables.published import read_factors, read_published
from tools.paper_tables.statistics import (
  interquartile_mean,
  stratified_bootstrap,
)

# What the tables say of the sessions behind a row.
SESSION = {
  'commit': 'abc1234',
  'processor': 'A CPU',
  'cores': 2,
  'gpus': 0,
  'tensorflow': '2.21.0',
  'mujoco': '3.17.0',
}


def _make_run(folder, task, seed, tests, horizon=12):
  """A run directory whose tests are `(episodes, updates, returns)`."""
  path = folder / f'{task}_{seed}_{horizon}'
  path.mkdir(parents=True)
  (path / 'config.gin').write_text(
    f'make_planner.horizon = {horizon}\nmake_envs.workers = {seed + 1}\n'
    f'train.seed = {seed}\ntrain.task = {task!r}\n'
  )
  (path / 'task.json').write_text(json.dumps({'tasks': {task: {}}}))
  (path / 'versions.json').write_text(json.dumps([SESSION]))
  lines = [
    {
      'time': 0.0,
      'split': 'test',
      'episodes': episodes,
      'updates': updates,
      'return': sum(returns) / len(returns),
      'episode_returns': returns,
    }
    for episodes, updates, returns in tests
  ]
  text = '\n'.join(json.dumps(line) for line in lines)
  (path / 'metrics.jsonl').write_text(text + '\n')
  return path


def _simulated(duration=None):
  """Episodes of tools.true_simulator."""
  return {
    'task': 'cheetah_run',
    'seed': 0,
    'planner': {'horizon': 12, 'refit_clipped': True},
    'envs': {'make_envs.action_repeat': None, 'make_envs.duration': duration},
    'sessions': [SESSION],
    'results': [{'return': 650.0}, {'return': 670.0}],
  }


@pytest.fixture
def runs(tmp_path):
  folder = tmp_path / 'runs'
  for seed, last in enumerate(([100.0, 300.0], [500.0, 700.0])):
    tests = [(10, 100, [0.0, 50.0]), (20, 200, [600.0, 600.0])]
    tests.append((1000 - seed, 300, last))
    if seed == 0:  # Older than the other one.
      tests.append((1010, 400, [0.0]))
    _make_run(folder, 'cheetah_run', seed, tests)
  _make_run(folder, 'walker_walk', 0, [(500, 50, [900.0])])
  return folder


def test_cells_say_what_stands_behind_them(runs):
  groups = [read_group(f'ours={runs}/*')]
  rows = table.make_rows(read_published(), groups)
  ours = rows[-1]
  assert (ours.method, ours.source) == ('ours', 'measured')
  cell = ours.cells['cheetah_run']
  assert cell == table.Cell(400.0, 999, 2, 4, 300)
  assert ours.cells['walker_walk'].score == 900.0
  assert 'reacher_easy' not in ours.cells
  published = {row.method: row for row in rows if row.source == 'published'}
  assert published['PlaNet'].cells['cheetah_run'].score == 662
  assert published['D4PG'].cells['walker_walk'].episodes == 100000
  text = table.make_table(rows, groups).markdown()
  assert '| ours | measured | pixels | - | - | 400 | - | - | 900 |' in text
  behind = 'ours, cheetah_run: 2 seeds, 4 trajectories, 999 training episodes'
  assert f'- {behind}' in text
  assert (
    '- ours: commit abc1234; A CPU, 2 cores, 0 GPUs; TensorFlow 2.21.0, '
    'MuJoCo 3.17.0; products in float32; planet.gin\n'
  ) in text
  # One of them has gone on.
  assert (
    '- ours: cheetah_run after 300 updates, the last test that all runs have '
    f'had; {runs}/cheetah_run_1_12 has had 300, {runs}/cheetah_run_0_12 400\n'
  ) in text
  odd = rows[-1]._replace(method='10%_|x|')
  content = table.make_table([*rows, odd], groups)
  assert r'| 10%_\|x\| | measured' in content.markdown()
  text = content.latex()
  assert r'ours & measured & pixels & - & - & 400 & - & - & 900 \\' in text
  assert r'10\%\_|x| & measured' in text
  assert f'% {behind}' in text
  assert '% published: Hafner et al.' in text


def test_rows_say_what_machines_chose(tmp_path):
  for seed, precision in enumerate(('float32', 'bfloat16')):
    path = _make_run(tmp_path, 'cheetah_run', seed, [(10, 100, [1.0])])
    with (path / 'config.gin').open('a') as file:
      file.write("make_world_model.precision = 'auto'\n")
    session = SESSION | {'auto_precision': precision}
    (path / 'versions.json').write_text(json.dumps([session]))
  (row,) = table.make_rows([], [read_group(f'{tmp_path}/*')])
  assert '; products in float32 and bfloat16; planet.gin with ' in row.origin


def test_rows_say_what_is_not_the_papers(tmp_path):
  path = _make_run(tmp_path, 'cheetah_run', 0, [(10, 100, [1.0])], horizon=6)
  with (path / 'config.gin').open('a') as file:
    file.write("train.evaluations = ('fast', 'slow')\n")
    file.write('train.total_episodes = 10\n')
    file.write('fast/make_planner.candidates = 20\n')
    file.write('slow/make_planner.candidates = 30\n')
  metrics = path / 'metrics.jsonl'
  metrics.write_text(metrics.read_text().replace('_returns', '_returns/fast'))
  (row,) = table.make_rows([], [read_group(f'{tmp_path}/*')])
  assert row.origin.endswith(
    'planet.gin with make_planner.horizon = 6, fast/make_planner.candidates = '
    '20'
  )
  record = tmp_path / 'simulator.json'
  record.write_text(json.dumps(_simulated(duration=5)))
  (row,) = table.make_rows([], [read_group(str(record))])
  assert row.origin.endswith('planet.gin with make_envs.duration = 5')


def test_an_agent_of_several_tasks_has_episodes_of_each(tmp_path):
  path = _make_run(tmp_path, 'one', 0, [])
  tasks = ('cheetah_run', 'walker_walk')
  (path / 'task.json').write_text(json.dumps({'tasks': dict.fromkeys(tasks)}))
  line = {'split': 'test', 'episodes': 12, 'updates': 7, 'time': 0.0}
  line |= {f'episode_returns/{task}': [len(task)] for task in tasks}
  (path / 'metrics.jsonl').write_text(json.dumps(line) + '\n')
  (path / 'imported.json').write_text('{}')
  group = read_group(str(path))
  (test,) = group.tests_of('walker_walk')
  assert test == [(6, 7, [11])]
  (row,) = table.make_rows([], [group])
  assert row.cells.keys() == set(tasks)
  assert row.origin.endswith('begun with weights of the original')


def test_only_the_first_tested_planner_counts(tmp_path):
  paths = [_make_run(tmp_path, 'cheetah_run', seed, []) for seed in (0, 1)]
  line = {'split': 'test', 'episodes': 12, 'updates': 7, 'time': 0.0}
  line |= {'episode_returns/fast': [1.0], 'episode_returns/main': [2.0]}
  for path in paths:
    (path / 'metrics.jsonl').write_text(json.dumps(line) + '\n')
    with (path / 'config.gin').open('a') as file:
      file.write("train.evaluations = ('main', 'fast')\n")
  (first, second) = read_group(f'{tmp_path}/*').tests_of('cheetah_run')[0]
  assert first.returns == second.returns == [2.0]
  text = (paths[1] / 'config.gin').read_text()
  text = text.replace("'main', 'fast'", "'fast', 'main'")
  (paths[1] / 'config.gin').write_text(text)
  with pytest.raises(UsageError, match='train.evaluations is .* two groups'):
    read_group(f'{tmp_path}/*')


def test_any_tested_planner_can_be_chosen(tmp_path):
  path = _make_run(tmp_path, 'cheetah_run', 0, [])
  line = {'split': 'test', 'episodes': 12, 'updates': 7, 'time': 0.0}
  # In the first test it had one planner, of which it did not tell the name.
  lines = [line | {'updates': 5, 'episode_returns': [9.0]}]
  lines.append(line | {'episode_returns/main': [2.0]})
  lines[1] |= {'episode_returns/fast': [1.0]}
  text = '\n'.join(json.dumps(x) for x in lines)
  (path / 'metrics.jsonl').write_text(text + '\n')
  with (path / 'config.gin').open('a') as file:
    file.write("train.evaluations = ('main', 'fast')\n")
    file.write('fast/make_planner.candidates = 20\n')
  texts = [f'PlaNet={tmp_path}/*', f'PlaNet@fast={tmp_path}/*']
  main, fast = read_groups(texts)
  assert main.tests_of('cheetah_run') == [[(12, 7, [2.0])]]
  assert fast.tests_of('cheetah_run') == [[(12, 7, [1.0])]]
  rows = table.make_rows([], [main, fast])
  assert rows[0].origin.endswith('; planet.gin')
  assert rows[1].origin.endswith('with fast/make_planner.candidates = 20')
  with pytest.raises(UsageError, match="no tests of a planner 'fats', only of"):
    read_group(f'PlaNet@fats={tmp_path}/*')


def test_runs_without_a_test_are_left_out_and_named(runs):
  untested = _make_run(runs, 'cheetah_run', 3, [])
  begun = runs / 'cheetah_run_4_12'
  begun.mkdir()
  (begun / 'config.gin').write_text('')
  group = read_group(f'{runs}/*')
  assert len(group.runs) == 3
  assert group.notes[:2] == [
    f'{begun} has no test yet and is left out',
    f'{untested} (cheetah_run) has no test yet and is left out',
  ]
  with pytest.raises(UsageError, match='no test yet; wait'):
    read_group(str(untested))


def test_one_agent_for_several_tasks_is_not_mixed_with_others(runs):
  paths = [_make_run(runs, 'cheetah_run', seed, []) for seed in (5, 6)]
  tasks = ('cheetah_run', 'walker_walk')
  for path in paths:
    (path / 'task.json').write_text(json.dumps({'tasks': dict.fromkeys(tasks)}))
    text = (path / 'config.gin').read_text()
    text = text.replace("'cheetah_run'", repr(tasks))
    (path / 'config.gin').write_text(text)
    line = {'split': 'test', 'episodes': 12, 'updates': 7, 'time': 0.0}
    line |= {f'episode_returns/{task}': [1.0] for task in tasks}
    (path / 'metrics.jsonl').write_text(json.dumps(line) + '\n')
  (row,) = table.make_rows([], [read_group(f'{runs}/cheetah_run_[56]_12')])
  assert row.origin.endswith('; one agent for 2 tasks, and episodes of each')
  assert row.cells['walker_walk'].seeds == 2
  with pytest.raises(UsageError, match='train.task is .* two groups'):
    read_group(f'{runs}/cheetah_run_[15]_12')


def test_imported_runs_are_not_mixed_with_others(runs):
  (runs / 'cheetah_run_1_12' / 'imported.json').write_text('{}')
  with pytest.raises(UsageError, match="cheetah_run_1_12' began with weights"):
    read_group(f'{runs}/*')


def test_labels_and_globs_may_have_equals_signs(tmp_path):
  _make_run(tmp_path / 'lr=1', 'cheetah_run', 0, [(1, 1, [1.0])])
  assert read_group(f'{tmp_path}/lr=1/*').label == 'planet_tf'
  assert read_group(f'a={tmp_path}/lr=1/*').label == 'a'
  assert read_group(f'lr=1={tmp_path}/lr=1/*').label == 'lr=1'
  for label in ('', '_a', 'a\nb'):
    with pytest.raises(UsageError, match='has the label'):
      read_group(f'{label}={tmp_path}/lr=1/*')
  with pytest.raises(UsageError, match="2 groups are called 'a'"):
    read_groups([f'a={tmp_path}/lr=1/*'] * 2)


@pytest.mark.parametrize(
  'name, content, message',
  [
    ('versions.json', '[{', 'is damaged'),
    ('task.json', None, 'has no task.json'),
    ('config.gin', None, 'has no config.gin'),
    ('metrics.jsonl', '17\nnull\n{"a": 1}\n\udc80', 'no test yet'),
    (
      'metrics.jsonl',
      '{"split": "test", "episodes": 1, "updates": 2, "time": 0, '
      '"episode_returns": [NaN]}',
      'has returns .nan. of cheetah_run after 2 updates',
    ),
  ],
)
def test_damaged_runs_are_named(tmp_path, name, content, message):
  path = _make_run(tmp_path, 'cheetah_run', 0, [(1, 1, [1.0])]) / name
  if content is None:
    path.unlink()
  else:
    path.write_text(content, errors='surrogateescape')
  with pytest.raises((UsageError, RunError), match=message):
    read_group(f'{tmp_path}/*')


def test_sessions_that_do_not_tell_are_unknown(tmp_path):
  path = _make_run(tmp_path, 'cheetah_run', 0, [(1, 1, [1.0])])
  for sessions in ([], [{}]):
    (path / 'versions.json').write_text(json.dumps(sessions))
    (row,) = table.make_rows([], [read_group(str(path))])
    assert row.origin.startswith('commit unknown; ')


@pytest.mark.parametrize('results', [[], [{'return': 'x'}], [{'return': None}]])
def test_simulator_files_without_returns_are_refused(tmp_path, results):
  record = tmp_path / 'simulator.json'
  record.write_text(json.dumps(_simulated() | {'results': results}))
  with pytest.raises(UsageError, match='no episode yet|is no file of'):
    read_group(str(record))


def test_curves_show_what_there_is(tmp_path):
  _make_run(tmp_path, 'pendulum', 0, [(1, 1, [-900.0]), (2, 2, [-200.0])])
  _make_run(tmp_path / 'b', 'cheetah_run', 0, [(5, 5, [9.0, 11.0])])
  groups = [read_group(f'{tmp_path}/p*'), read_group(f'$a$={tmp_path}/b/*')]
  figure = curves.draw(groups, read_published())
  negative, single = figure.axes
  assert negative.get_ylim()[0] < -900 < -200 < negative.get_ylim()[1]
  assert single.lines[-1].get_marker() == 'o'
  assert single.get_ylim()[0] == 0 and single.get_ylim()[1] > 662
  (legend,) = figure.legends
  texts = [text.get_text() for text in legend.get_texts()]
  assert {'planet_tf (1 seed)', r'\$a\$ (1 seed)'} < set(texts)


def test_efficiency_is_when_the_mean_reaches_a_score(runs):
  group = read_group(f'{runs}/*')
  factors = efficiency.factors_of(group, read_published())
  # 600 after 20 episodes is above D4PG's 524 and A3C's 214 in cheetah_run; 900
  # is above A3C's 311 in walker_walk, but not D4PG's 968.
  assert factors == [
    ('A3C', 'cheetah_run', 100000 / 20, 214, 20, 200, 2, 4),
    ('A3C', 'walker_walk', 100000 / 500, 311, 500, 50, 1, 1),
    ('D4PG', 'cheetah_run', 100000 / 20, 524, 20, 200, 2, 4),
  ]
  (runs / 'walker_walk_0_12' / 'imported.json').write_text('{}')
  imported = read_group(f'{runs}/walker*')
  assert efficiency.factors_of(imported, read_published()) == []
  content = efficiency.make_table([imported], read_published(), read_factors())
  assert 'begun with weights of the original' in content.notes[-1]


def test_efficiency_takes_means_as_the_table_does(tmp_path):
  # The median is above D4PG's 967.
  _make_run(tmp_path, 'reacher_easy', 0, [(500, 5, [310.0, 976.0, 995.0])])
  (factor,) = efficiency.factors_of(
    read_group(f'{tmp_path}/*'), read_published()
  )
  assert factor[:3] == ('A3C', 'reacher_easy', 200.0)


def test_curves_are_over_seeds_and_trajectories(runs):
  group = read_group(f'{runs}/*')
  points = curves.points_of(group, 'cheetah_run')
  # One of the runs has had a later test, which would stand for it alone.
  assert [point.episodes for point in points] == [10, 20, 999.5]
  last = np.percentile([100, 300, 500, 700], (5, 50, 95))
  assert points[2] == (999.5, 300, *last, 2, 4)
  figure = curves.draw([group], read_published())
  titles = [axes.get_title() for axes in figure.axes if axes.get_visible()]
  assert titles == ['cheetah_run', 'walker_walk']
  for task in ('finger_spin', 'cup_catch'):
    _make_run(runs, task, 0, [(500, 50, [900.0])])
  figure = curves.draw([read_group(f'{runs}/*')], read_published())
  titles = [axes.get_title() for axes in figure.axes if axes.get_visible()]
  assert len(titles) == 4 and all(titles)


def test_averages_are_over_tasks_seeds_and_trajectories(tmp_path):
  for task, low in (('cheetah_run', 0.0), ('walker_walk', 600.0)):
    tests = [(10, 100, [low, low]), (20, 200, [low, low + 400.0])]
    _make_run(tmp_path, task, 0, tests[: 1 if low else 2])
  group = read_group(f'{tmp_path}/*')
  assert curves.averages_of(group) == [(10, 100, 0, 300, 600, 2, 4)]
  (*_, last) = curves.draw([group], []).axes
  assert last.get_title() == 'average over tasks, one deviation'
  alone = read_group(f'{tmp_path}/cheetah*')
  titles = [x.get_title() for x in curves.draw([group, alone], []).axes]
  assert len(titles) == 2  # Their averages would be of other tasks.


def test_other_numbers_of_test_episodes_are_not_mixed(runs):
  with (runs / 'cheetah_run_1_12' / 'config.gin').open('a') as file:
    file.write('train.evaluation_episodes = 7\n')
  with pytest.raises(UsageError, match='train.evaluation_episodes is 1 and 7'):
    read_group(f'{runs}/*')


def test_other_configurations_are_not_mixed(runs):
  _make_run(runs, 'cheetah_run', 7, [(5, 5, [1.0])], horizon=6)
  with pytest.raises(UsageError, match='make_planner.horizon is .* two groups'):
    read_group(f'{runs}/*')
  assert len(read_group(f'{runs}/*_12').runs) == 3  # Workers may differ.
  with pytest.raises(UsageError, match='matches no run directory'):
    read_group(f'{runs}/none*')


def test_runs_older_than_a_setting_have_its_default(runs):
  path = _make_run(runs, 'cheetah_run', 7, [(5, 5, [1.0])])
  text = (path / 'config.gin').read_text()
  with (path / 'config.gin').open('a') as file:
    file.write('make_planner.refit_clipped = True\n')
  assert len(read_group(f'{runs}/*').runs) == 4
  (path / 'config.gin').write_text(
    text + 'make_planner.refit_clipped = False\n'
  )
  with pytest.raises(UsageError, match='refit_clipped is True and False'):
    read_group(f'{runs}/*')


def test_what_lies_beside_runs_is_no_run(runs):
  (runs / 'sweep.json').write_text('[]')
  (runs / 'cheetah_run_0.log').write_text('')
  assert len(read_group(f'{runs}/*').runs) == 3
  (runs / 'simulator.json').write_text('{}')
  with pytest.raises(UsageError, match='matches run directories and files'):
    read_group(f'{runs}/*')


def test_no_run_counts_twice(runs, tmp_path):
  _make_run(tmp_path / 'copy', 'cheetah_run', 1, [(5, 5, [1.0])])
  with pytest.raises(UsageError, match='both of cheetah_run with seed 1'):
    read_group(f'{tmp_path}/*/cheetah_run_1_12')


def test_interquartile_mean_is_that_of_scipy():
  rng = np.random.default_rng(0)
  for size in (1, 3, 4, 10, 30):
    scores = rng.normal(size=size)
    assert interquartile_mean(scores) == pytest.approx(
      stats.trim_mean(scores, 0.25)
    )


# Scores of 6 tasks x 5 seeds, and what rliable 1.2.0 makes of them by
# get_interval_estimates with aggregate_iqm, aggregate_mean and reps=50000.
RLIABLE_SCORES = [
  [0.733, 0.906, 0.418, 0.807, 0.567],
  [0.621, 0.827, 0.657, 0.851, 0.909],
  [0.541, 0.430, 0.689, 0.851, 0.768],
  [0.704, 0.664, 0.562, 0.520, 0.752],
  [0.873, 0.914, 0.883, 0.598, 0.717],
  [0.480, 0.402, 0.398, 0.695, 0.800],
]
RLIABLE_IQM = (0.6975625, 0.62899844, 0.761375)
RLIABLE_MEAN = (0.68456667, 0.63446667, 0.73356667)


def test_aggregates_and_intervals_are_those_of_rliable():
  # The ends of the intervals are those of random samples, there and here.
  for statistic, expected in (
    (interquartile_mean, RLIABLE_IQM),
    (np.mean, RLIABLE_MEAN),
  ):
    found = stratified_bootstrap(RLIABLE_SCORES, statistic, samples=20000)
    assert found.value == pytest.approx(expected[0], abs=1e-7)
    assert found[1:] == pytest.approx(expected[1:], abs=0.002)


def test_bootstrap_stays_within_strata():
  # Seeds of a task are equal, so that nothing can vary.
  fixed = stratified_bootstrap([[0.1, 0.1], [0.9, 0.9]], np.mean)
  assert fixed == pytest.approx((0.5, 0.5, 0.5))
  # Runs of one agent each, which differ as much as tasks do.
  joint = stratified_bootstrap([[[0.1, 0.9], [0.9, 0.1]]], np.mean)
  assert joint == pytest.approx((0.5, 0.5, 0.5))
  rng = np.random.default_rng(1)
  scores = [rng.normal(size=40), rng.normal(5.0, size=40)]
  aggregate = stratified_bootstrap(scores, np.mean)
  # Of the mean of two strata of 40 with unit variance.
  error = 1 / np.sqrt(80)
  assert aggregate.high - aggregate.low == pytest.approx(
    2 * 1.96 * error, rel=0.25
  )


def test_the_command_writes_everything(runs, tmp_path):
  (tmp_path / 'cheetah.json').write_text(json.dumps(_simulated()))
  result = run_tool(
    'paper_tables',
    f'--runs=ours={runs}/*',
    f'--runs=simulator={tmp_path}/*.json',
    f'--output={tmp_path / "out"}',
  )
  assert result.returncode == 0, result.stderr
  names = {x.name for x in (tmp_path / 'out').iterdir()}
  assert names == {
    'table1.md',
    'table1.csv',
    'table1.tex',
    'curves.png',
    'curves.svg',
    'curves.csv',
    *(f'aggregates.{x}' for x in ('md', 'csv', 'tex')),
    *(f'efficiency.{x}' for x in ('md', 'csv', 'tex')),
  }
  with (tmp_path / 'out' / 'table1.csv').open() as file:
    records = [x for x in csv.DictReader(file) if x['source'] == 'measured']
  assert [(x['method'], x['task'], float(x['score'])) for x in records] == [
    ('ours', 'cheetah_run', 400.0),
    ('ours', 'walker_walk', 900.0),
    ('simulator', 'cheetah_run', 660.0),
  ]
  text = (tmp_path / 'out' / 'efficiency.md').read_text()
  row = (
    '| ours | measured | D4PG | cheetah_run | 5000 | 524 | 20 | 200 | 2 | 4 |'
  )
  assert row in text
  assert '| PlaNet | published | D4PG | cheetah_run | 500+ | - |' in text
  text = (tmp_path / 'out' / 'aggregates.md').read_text()
  # One seed of walker_walk has no interval.
  assert '| ours | 0.567 | - | 2 | 3 | 5 | 500, 50 |' in text
  assert 'ours: seeds of each task: cheetah_run 2, walker_walk 1' in text
  with (tmp_path / 'out' / 'curves.csv').open() as file:
    points = list(csv.DictReader(file))
  assert [(x['task'], x['updates'], x['middle']) for x in points] == [
    ('cheetah_run', '100', '25.0'),
    ('cheetah_run', '200', '600.0'),
    ('cheetah_run', '300', '400.0'),
    ('walker_walk', '50', '900.0'),
  ]
  assert 'Note: ours: cheetah_run after 300 updates' in result.stderr
  result = run_tool('paper_tables', '--runs=no*', f'--output={tmp_path}')
  assert result.returncode == 2
  assert 'matches no run directory' in result.stderr
  # What does not learn has no curves, and keeps none of other runs.
  result = run_tool(
    'paper_tables', f'--runs={tmp_path}/*.json', f'--output={tmp_path / "out"}'
  )
  assert result.returncode == 0, result.stderr
  assert not list((tmp_path / 'out').glob('curves.*'))
