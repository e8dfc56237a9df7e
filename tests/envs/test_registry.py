"""Registry of tasks."""

import numpy as np
import pytest
import worker_tasks

from planet_tf.envs import UnknownTask, build_env, register_task, task_names
from planet_tf.envs.registry import find_task


def test_paper_tasks_are_registered():
  assert set(task_names()) >= {
    'cartpole_balance',
    'cartpole_swingup',
    'cheetah_run',
    'cup_catch',
    'dummy',
    'finger_spin',
    'reacher_easy',
    'walker_walk',
  }
  assert task_names() == sorted(task_names())


def test_unknown_task_suggests_closest_name():
  with pytest.raises(
    UnknownTask, match="'cheeta_run'; did you .*'cheetah_run'"
  ):
    build_env('cheeta_run')


def test_unknown_task_lists_all_names():
  with pytest.raises(UnknownTask) as error:
    find_task('qqq')
  assert 'did you mean' not in str(error.value)
  assert all(name in str(error.value) for name in task_names())
  assert '\n' not in str(error.value)


def test_register_task():
  @register_task('test_decorated', action_repeat=4, renders=False)
  def decorated():
    return worker_tasks.Fake()

  assert isinstance(decorated(), worker_tasks.Fake)
  env = build_env('test_decorated')
  assert (env.action_repeat, env.duration) == (4, 250)

  # Running a notebook cell again replaces its task.
  register_task('test_decorated', action_repeat=2, renders=False)(decorated)
  assert build_env('test_decorated').action_repeat == 2


def test_invalid_names_raise():
  with pytest.raises(ValueError, match="'dummy' is already registered"):
    register_task('dummy')(worker_tasks.Fake)
  with pytest.raises(ValueError, match='colon'):
    register_task('my:task')


def test_module_and_factory():
  task = find_task('worker_tasks:unseedable')
  assert (task.action_repeat, task.factory) == (1, worker_tasks.unseedable)
  # A registered factory keeps its duration.
  assert find_task('worker_tasks:Fake').duration == 5


@pytest.mark.parametrize(
  'name, words',
  [
    ('worker_taks:Fake', "no module 'worker_taks'"),
    ('worker_tasks.sub:Fake', "no module 'worker_tasks.sub'"),
    ('worker_tasks:Fak', "no function 'Fak'; did you mean 'Fake'"),
    (':Fake', 'no module'),
  ],
)
def test_unknown_module_or_factory_raises(name, words):
  with pytest.raises(UnknownTask, match=words):
    find_task(name)


def test_error_in_task_module_is_not_hidden(tmp_path, monkeypatch):
  (tmp_path / 'broken_task_module.py').write_text('import no_such_library')
  monkeypatch.syspath_prepend(tmp_path)
  with pytest.raises(ModuleNotFoundError, match='no_such_library'):
    find_task('broken_task_module:task')


def test_seed_reaches_factories():
  env = build_env('test_fake', seed=7)
  assert env.reset().observation['image'][0, 0, 0] == 7
  env.seed(8)
  assert env.reset().observation['image'][0, 0, 0] == 8
  np.testing.assert_array_equal(env.reset().observation['count'], [0])
