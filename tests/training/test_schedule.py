"""The schedule of events against the original's."""

import pytest

from planet_tf.training.schedule import LinearRamp, Schedule, linear


def test_default_events_are_those_of_the_original(golden):
  data = golden.json('schedule.json')
  batch = data['settings']['batch']
  events = data['events_first_three_epochs']
  # The original runs an update in each step of the train phase; the counts
  # after a step are the updates done by then.
  collections, tests, updates_of_tests = [], 0, 0
  for event in events:
    # Steps of the test phase count as samples, but update nothing.
    done = (event['global_step_before'] - tests * batch) // batch
    if event['phase'] == 'train' and event['train_collect']:
      collections.append(done + 1)
    if event['phase'] == 'test' and event['test_collect']:
      tests += 1
      updates_of_tests = done
      assert Schedule(100, 1000).tests(done) == tests
      assert Schedule(100, 1000).tests(done - 1) == tests - 1
  assert updates_of_tests == 3000
  schedule = Schedule(updates_per_episode=100, updates_per_test=1000)
  for number, updates in enumerate(collections, 1):
    assert schedule.collections(updates - 1) == number - 1
    assert schedule.collections(updates) == number


def test_first_epoch_collects_nine_episodes_before_the_first_test():
  schedule = Schedule(100, 1000)
  assert schedule.collections(1000) == 9
  assert schedule.collections(1001) == 10


def test_updates_until_event_meets_every_event():
  schedule = Schedule(updates_per_episode=7, updates_per_test=10)
  updates, seen = 0, []
  while updates < 60:
    before = schedule.collections(updates), schedule.tests(updates)
    step = schedule.updates_until_event(updates)
    assert step >= 1
    for between in range(updates + 1, updates + step):
      assert (schedule.collections(between), schedule.tests(between)) == before
    updates += step
    after = schedule.collections(updates), schedule.tests(updates)
    assert after != before
    seen.append(updates)
  assert seen == [8, 10, 15, 20, 22, 29, 30, 36, 40, 43, 50, 57, 60]


@pytest.mark.parametrize('episodes', [0, 1, 2, 5])
def test_updates_for_is_the_inverse_of_collections(episodes):
  schedule = Schedule(7, 10)
  updates = schedule.updates_for(episodes)
  assert schedule.collections(updates) == episodes
  assert updates == 0 or schedule.collections(updates - 1) == episodes - 1


def test_rejects_zero():
  with pytest.raises(ValueError, match='updates_per_test must be at least 1'):
    Schedule(1, 0)


@pytest.mark.parametrize(
  'step, ramp, least, expected',
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
def test_linear(step, ramp, least, expected):
  assert linear(step, ramp, least) == pytest.approx(expected)
  if ramp and not least:
    rate = LinearRamp(2.0, ramp)(step)
    assert float(rate) == pytest.approx(2.0 * expected)
