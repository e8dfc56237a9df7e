import collections

import numpy as np
import pytest

from planet_tf.data import SamplerError
from planet_tf.data.loaders import Cycle, check_loader, next_cycle


def run(loader, interval, initial, added, cycles, seed=0):
  """Yields the draws per name of each cycle.

  `added` maps the number of a listing, from 1, to the new files it finds.
  """
  rng = np.random.default_rng(seed)
  cycle, files = Cycle(), [f'initial-{index:04}' for index in range(initial)]
  for listing in range(1, cycles + 1):
    amount = added.get(listing, 0)
    files += [f'added-{listing}-{index}' for index in range(amount)]
    cycle = next_cycle(loader, cycle, sorted(files), interval, rng)
    counts = collections.Counter()
    while not cycle.finished:
      counts[cycle.current] += 1
      cycle = cycle.advance()
    yield counts


@pytest.mark.parametrize(
  'case, loader, initial, added',
  [
    (
      'recent, every 1000: 5 files, +1 before 3rd listing, +1 before 5th',
      'recent',
      5,
      {3: 1, 5: 1},
    ),
    ('cache, same', 'cache', 5, {3: 1, 5: 1}),
    ('recent, every 1000: 1200 files, +10 before 3rd listing', 'recent', 1200,
     {3: 10}),
    ('cache, 1200 files, +10 before 3rd listing', 'cache', 1200, {3: 10}),
  ],
)  # fmt: skip
def test_cycles_match_original(golden, case, loader, initial, added):
  """Compares the draws per cycle, with a tolerance for chance."""
  facts = golden.json('data.json')['loaders'][case]
  # The first recorded cycle has no draws; it ends at the first listing.
  recorded = facts['cycles'][1:]
  ours = run(loader, facts['every'], initial, added, len(recorded))
  for counts, expected in zip(ours, recorded, strict=True):
    assert sum(counts.values()) == facts['every']
    for kind, numbers in expected.items():
      own = [v for k, v in counts.items() if kind.startswith(k.split('-')[0])]
      # 1000 of 1210 episodes include 8.3 +- 1.2 of the 10 new ones. Two
      # rounds of 510 episodes minus 20 draws include each new one 1 or 2 times.
      loose = initial > 500
      assert abs(sum(own) - numbers['yields']) <= (10 if loose else 2)
      assert abs(len(own) - numbers['distinct']) <= (5 if loose else 0)
      if own and not loose:
        assert abs(min(own) - numbers['per_episode_min']) <= 1
        assert abs(max(own) - numbers['per_episode_max']) <= 1


def test_recent_prefers_new_episodes_only_among_many():
  """New episodes have a larger share if old ones exceed half a cycle."""
  *_, few = run('recent', 1000, 400, {2: 1}, 2)
  assert few['added-2-0'] in (2, 3)
  assert set(few.values()) == {2, 3}
  assert len(few) == 401
  # All 100 new ones are drawn, and 500 of the 900 old.
  *_, many = run('recent', 1000, 900, {2: 100}, 2)
  new = [count for name, count in many.items() if name.startswith('added')]
  assert len(new) == 100
  assert len(many) == 600


def test_recent_prefers_new_episodes_for_one_cycle():
  counts = list(run('recent', 1000, 900, {2: 100}, 3))
  drawn = sum(name.startswith('added') for name in counts[2])
  # 500 of 1000 without replacement: 50 of 100 expected, standard deviation 4.7.
  assert 30 <= drawn <= 70
  assert len(counts[2]) == 500


def test_reload_draws_each_once():
  counts = list(run('reload', 7, 20, {2: 3}, 3))
  assert [sum(cycle.values()) for cycle in counts] == [20, 23, 23]
  assert all(set(cycle.values()) == {1} for cycle in counts)


def test_uniform_draws_are_independent():
  (counts,) = run('uniform', 10_000, 10, {}, 1)
  values = np.array(list(counts.values()))
  assert values.sum() == 10_000
  # Binomial: mean 1000, standard deviation 30. Permutations give 1000 each.
  assert 0 < np.abs(values - 1000).max() < 120


@pytest.mark.parametrize('loader', ['recent', 'cache', 'reload', 'uniform'])
def test_seed_determines_order(loader):
  rngs = [np.random.default_rng(seed) for seed in (1, 1, 2)]
  names = [f'{index:02}' for index in range(30)]
  orders = [next_cycle(loader, Cycle(), names, 50, rng).order for rng in rngs]
  assert orders[0] == orders[1] != orders[2]


def test_unknown_loader_raises():
  with pytest.raises(SamplerError, match="did you mean 'recent'.* uniform"):
    check_loader('recnt')
