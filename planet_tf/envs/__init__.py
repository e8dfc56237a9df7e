"""Environments: tasks, rendering, and worker processes to run them in.

Importing this package loads neither TensorFlow nor MuJoCo, so that the dummy
task works without OpenGL and workers stay free of TensorFlow.
"""

from planet_tf.envs.isolated import IsolatedEnvironment
from planet_tf.envs.padding import PaddedEnvs
from planet_tf.envs.parallel import ParallelEnvs
from planet_tf.envs.registry import (
  Task,
  UnknownTask,
  register_task,
  task_names,
)
from planet_tf.envs.rendering import (
  RenderingUnavailable,
  choose_backend,
  probe_frame,
)
from planet_tf.envs.tasks import InvalidTaskOption, build_env
from planet_tf.envs.worker_process import (
  WorkerDied,
  WorkerError,
  WorkerTimeout,
)
from planet_tf.envs.wrappers import UnsupportedEnvironment

__all__ = [
  'InvalidTaskOption',
  'IsolatedEnvironment',
  'PaddedEnvs',
  'ParallelEnvs',
  'RenderingUnavailable',
  'Task',
  'UnknownTask',
  'UnsupportedEnvironment',
  'WorkerDied',
  'WorkerError',
  'WorkerTimeout',
  'choose_backend',
  'build_env',
  'probe_frame',
  'register_task',
  'task_names',
]
