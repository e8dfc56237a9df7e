"""Tasks of the dm_control suite."""

import contextlib
import functools
from collections.abc import Iterator

import dm_env
from absl import logging

from planet_tf.envs.registry import register_task
from planet_tf.envs.rendering import unusable

# Name, domain and task of the suite, action repeat (paper, appendix A).
PAPER_TASKS = (
  ('cartpole_balance', 'cartpole', 'balance', 8),
  ('cartpole_swingup', 'cartpole', 'swingup', 8),
  ('reacher_easy', 'reacher', 'easy', 4),
  ('cheetah_run', 'cheetah', 'run', 4),
  ('finger_spin', 'finger', 'spin', 2),
  ('cup_catch', 'ball_in_cup', 'catch', 4),
  ('walker_walk', 'walker', 'walk', 2),
)


def register() -> None:
  """Registers the seven tasks of the paper."""
  for name, domain, task, action_repeat in PAPER_TASKS:
    factory = functools.partial(load, domain, task)
    register_task(name, action_repeat=action_repeat)(factory)


def load(domain: str, task: str, seed: int | None = None) -> dm_env.Environment:
  """Loads a task of the suite. Call `rendering.choose_backend` first.

  Args:
    domain: Domain of the suite, such as `cartpole`.
    task: Task of the domain, such as `swingup`.
    seed: Seed of the task's RandomState; None draws one.

  Raises:
    RenderingUnavailable: The OpenGL libraries cannot be loaded.
  """
  try:
    from dm_control import suite
  except (AttributeError, ImportError, RuntimeError) as error:
    # PyOpenGL raises AttributeError if a library is missing.
    raise unusable(error) from error
  with quiet_models():
    return suite.load(domain, task, task_kwargs={'random': seed})


@contextlib.contextmanager
def quiet_models() -> Iterator[None]:
  """Silences warnings about deprecated attributes in the suite's models."""
  verbosity = logging.get_verbosity()
  logging.set_verbosity(logging.ERROR)
  try:
    yield
  finally:
    logging.set_verbosity(verbosity)
