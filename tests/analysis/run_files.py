"""Writes small run directories with known numbers."""

import json

# A session as in versions.json, with the keys that tables name.
SESSION = {
  'commit': 'abc1234',
  'processor': 'A CPU',
  'cores': 2,
  'gpus': 0,
  'tensorflow': '2.21.0',
  'mujoco': '3.17.0',
}


def write_run(path, tasks, config, records, sessions=(SESSION,)):
  """Writes a run directory and returns its path.

  Args:
    path: Folder to create.
    tasks: Names of the tasks of the agent.
    config: Text of config.gin.
    records: Records of metrics.jsonl.
    sessions: Sessions of versions.json.
  """
  path.mkdir(parents=True)
  (path / 'config.gin').write_text(config)
  (path / 'task.json').write_text(json.dumps({'tasks': dict.fromkeys(tasks)}))
  (path / 'versions.json').write_text(json.dumps(list(sessions)))
  write_records(path, records)
  return path


def write_records(path, records):
  """Replaces metrics.jsonl."""
  text = ''.join(json.dumps(record) + '\n' for record in records)
  (path / 'metrics.jsonl').write_text(text)


def evaluation_record(episodes, updates, **returns):
  """Returns a record of an evaluation with lists of returns by metric name."""
  counters = {'episodes': episodes, 'updates': updates}
  return {'time': 0.0, 'split': 'test', **counters, **returns}


def write_evaluated_run(folder, task, seed, evaluations, horizon=12):
  """Writes a run of one task with evaluations `(episodes, updates, returns)`.

  Its name is `TASK_SEED_HORIZON`.
  """
  config = (
    f'make_planner.horizon = {horizon}\nmake_envs.workers = {seed + 1}\n'
    f'train.seed = {seed}\ntrain.task = {task!r}\n'
  )
  records = [
    evaluation_record(
      episodes, updates, episode_returns=returns, **{'return': returns[0]}
    )
    for episodes, updates, returns in evaluations
  ]
  name = f'{task}_{seed}_{horizon}'
  return write_run(folder / name, [task], config, records)


def append_config(path, *lines):
  """Appends lines to config.gin."""
  with (path / 'config.gin').open('a') as file:
    file.writelines(f'{line}\n' for line in lines)


def simulator_record(**changes):
  """Returns the content of a file of tools.true_simulator."""
  return {
    'task': 'cheetah_run',
    'seed': 0,
    'planner': {'horizon': 12, 'refit_clipped': True},
    'envs': {'make_envs.action_repeat': None, 'make_envs.duration': None},
    'sessions': [SESSION],
    'results': [{'return': 650.0}, {'return': 670.0}],
    **changes,
  }
