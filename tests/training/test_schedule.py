"""Tests of the schedule against the original."""

import pytest

from planet_tf.config.settings import CollectSettings
from planet_tf.ops.linear_ramp import LinearRamp, linear
from planet_tf.training.schedule import NextEpisodes, Schedule


def _settings(interval, start=None, end=None, episodes=1):
  return CollectSettings(
    policy='agent',
    episodes=episodes,
    interval=interval,
    start=start,
    end=end,
    exploration=0.3,
    exploration_ramp=0,
    exploration_min=0.0,
  )


def _schedule(interval, updates_per_evaluation):
  return Schedule({'main': _settings(interval)}, updates_per_evaluation)


def _counts(schedule, updates):
  return schedule.episodes(updates), schedule.evaluations(updates)


def test_default_events_are_those_of_the_original(golden):
  data = golden.json('schedule.json')
  batch = data['settings']['batch']
  events = data['events_first_three_epochs']
  # The original runs one update in each step of its phase `train`.
  collections, evaluations, last = [], 0, 0
  for event in events:
    # Steps of the phase `test` count as samples, but do not update.
    done = (event['global_step_before'] - evaluations * batch) // batch
    if event['phase'] == 'train' and event['train_collect']:
      collections.append(done + 1)
    if event['phase'] == 'test' and event['test_collect']:
      evaluations += 1
      last = done
      assert _schedule(100, 1000).evaluations(done) == evaluations
      assert _schedule(100, 1000).evaluations(done - 1) == evaluations - 1
  assert last == 3000
  schedule = _schedule(100, 1000)
  for number, updates in enumerate(collections, 1):
    assert schedule.episodes(updates - 1) == number - 1
    assert schedule.episodes(updates) == number


def test_nine_episodes_precede_the_first_evaluation():
  schedule = _schedule(100, 1000)
  assert schedule.episodes(1000) == 9
  assert schedule.episodes(1001) == 10


def test_updates_until_event_stops_at_every_event():
  schedule = _schedule(7, 10)
  updates, seen = 0, []
  while updates < 60:
    before = _counts(schedule, updates)
    step = schedule.updates_until_event(updates)
    assert step >= 1
    for between in range(updates + 1, updates + step):
      assert _counts(schedule, between) == before
    updates += step
    after = _counts(schedule, updates)
    assert after != before
    seen.append(updates)
  assert seen == [8, 10, 15, 20, 22, 29, 30, 36, 40, 43, 50, 57, 60]


@pytest.mark.parametrize('episodes', [0, 1, 2, 5])
def test_updates_for_inverts_episodes(episodes):
  schedule = _schedule(7, 10)
  updates = schedule.updates_for(episodes)
  assert schedule.episodes(updates) == episodes
  assert updates == 0 or schedule.episodes(updates - 1) == episodes - 1


def _binary(step, samples, start, interval, end):
  """Returns whether the original collects; tools/schedule.py (binary)."""
  active = step >= start and (end <= 0 or step < end)
  return active and (step - start) % interval < samples


@pytest.mark.parametrize(
  'start, interval, end', [(5, 5, -1), (0, 3, -1), (4, 6, 23), (7, 2, 8)]
)
def test_collections_equal_those_of_the_original(start, interval, end):
  settings = _settings(interval, start, end if end > 0 else None)
  schedule = Schedule({'main': settings}, 1000)
  collected = 0
  for updates in range(1, 60):
    # The original counts the samples before the update, 50 per update.
    samples = [50 * x for x in (updates - 1, 1, start, interval, end)]
    collected += _binary(*samples[:4], samples[4] if end > 0 else -1)
    assert schedule.episodes(updates) == collected, updates


def test_collections_and_tasks_alternate():
  schedule = Schedule(
    {'one': _settings(2), 'two': _settings(3, start=0, episodes=2)}, 1000
  )
  # `two` is due after updates 1, 4 and 7, `one` after 3, 5 and 7.
  assert [schedule.episodes(updates) for updates in range(8)] == [
    *(0, 2, 2, 3, 5, 6, 6, 9)
  ]
  two = [
    NextEpisodes('two', 0, 2),
    NextEpisodes('two', 0, 1),
    NextEpisodes('two', 1, 2),
    NextEpisodes('two', 1, 1),
  ]
  one = [NextEpisodes('one', 0, 1), NextEpisodes('one', 1, 1)]
  turns = [schedule.next_episodes(number, tasks=2) for number in range(18)]
  assert turns == [*two, *one, *two, *one, *one, *two]


def test_collections_that_end_may_not_reach_the_episodes():
  schedule = Schedule({'main': _settings(10, end=35)}, 1000)
  assert schedule.episodes(1000) == 3
  assert schedule.updates_for(3) == 31
  assert schedule.updates_for(4) is None
  with pytest.raises(ValueError, match='All collections end before episode 3'):
    schedule.next_episodes(3)


@pytest.mark.parametrize(
  'step, ramp, minimum, expected',
  [
    (0, 0, 0.0, 1.0),
    (0, 100, 0.0, 0.0),
    (25, 100, 0.0, 0.25),
    (200, 100, 0.0, 1.0),
    (25, -100, 0.0, 0.75),
    (200, -100, 0.0, 0.0),
    (25, 100, 0.5, 0.5),
    (90, -100, 0.5, 0.5),
  ],
)
def test_linear(step, ramp, minimum, expected):
  assert linear(step, ramp, minimum) == pytest.approx(expected)
  if ramp and not minimum:
    rate = LinearRamp(2.0, ramp)(step)
    assert float(rate) == pytest.approx(2.0 * expected)
