"""Environments of tasks, rendering, and worker processes.

In reading order:

- Names: `registry` (name -> task), `dm_control`, `dummy` and `gymnasium` (the
  tasks that are registered).
- One environment in this process: `tasks` (`build_env`), which wraps the
  task's environment in `seeding`, `wrappers` and `observations` (images from
  `camera`).
- Environments in worker processes: `parallel` (`ParallelEnvs`, the class that
  the training uses), `worker_process` (parent), `worker` (child); `isolated`
  and `padding` adapt `ParallelEnvs` to other interfaces.
- OpenGL: `rendering` chooses a backend with the program `probe`.

Importing this package imports neither TensorFlow nor MuJoCo. The dummy task
needs no OpenGL, and workers must not load TensorFlow.
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
  'build_env',
  'choose_backend',
  'probe_frame',
  'register_task',
  'task_names',
]
