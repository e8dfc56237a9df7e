"""Settings that were renamed before version 0.2.0, by their old names."""

RENAMED = {
  'collect.after': 'collect.start',
  'collect.every': 'collect.interval',
  'collect.exploration_least': 'collect.exploration_min',
  'collect.until': 'collect.end',
  'make_sampler.refresh_every': 'make_sampler.refresh_interval',
  'make_world_model.chains': 'make_world_model.num_splits',
  'train.test_episodes': 'train.evaluation_episodes',
  'train.tests': 'train.evaluations',
  'train.updates_per_test': 'train.updates_per_evaluation',
}
