"""Tests of the data efficiency."""

from planet_tf.analysis import read_group, read_published
from planet_tf.analysis.tables import efficiency
from planet_tf.analysis.tables.published import read_factors
from tests.analysis.run_files import write_evaluated_run


def test_factors_are_those_of_the_first_evaluation_that_reaches_a_score(runs):
  factors = efficiency.factors_of(read_group(f'{runs}/*'), read_published())
  # 600 after 20 episodes exceeds D4PG's 524 and A3C's 214 in cheetah_run; 900
  # exceeds A3C's 311 in walker_walk, but not D4PG's 968.
  assert factors == [
    ('A3C', 'cheetah_run', 100000 / 20, 214, 20, 200, 2, 4),
    ('A3C', 'walker_walk', 100000 / 500, 311, 500, 50, 1, 1),
    ('D4PG', 'cheetah_run', 100000 / 20, 524, 20, 200, 2, 4),
  ]


def test_imported_runs_have_no_factors(runs):
  (runs / 'walker_walk_0_12' / 'imported.json').write_text('{}')
  imported = read_group(f'{runs}/walker*')
  assert efficiency.factors_of(imported, read_published()) == []
  table = efficiency.make_table([imported], read_published(), read_factors())
  assert 'begun with weights of the original' in table.notes[-1]


def test_factors_use_means_as_the_table_does(tmp_path):
  # The median exceeds D4PG's 967, the mean does not.
  returns = [310.0, 976.0, 995.0]
  write_evaluated_run(tmp_path, 'reacher_easy', 0, [(500, 5, returns)])
  (factor,) = efficiency.factors_of(
    read_group(f'{tmp_path}/*'), read_published()
  )
  assert factor[:3] == ('A3C', 'reacher_easy', 200.0)
