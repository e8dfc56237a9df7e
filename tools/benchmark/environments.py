"""Measures environments: decisions, and rendering."""

import dataclasses
import json
import subprocess
import sys
import time
from typing import Any

import numpy as np

from planet_tf.config.factories import make_envs
from tools.benchmark.timing import measure

Row = dict[str, Any]


def env_step(repeats: int, task: str, quality: str, workers: int) -> Row:
  """Measures a decision: `ParallelEnvs.step` in all environments at once.

  Args:
    repeats: Number of repeats.
    task: Name of the task.
    quality: `exact` or `fast` rendering.
    workers: Number of environments N in parallel.

  Returns:
    The row; its `seconds_per_env_step` is the median divided by action repeat
    and N. When episodes end, new ones start, and their reset counts.
  """
  generator = np.random.default_rng(0)
  start = time.perf_counter()
  with make_envs(task, workers=workers, render_quality=quality) as envs:
    start_seconds = time.perf_counter() - start
    shape = (workers, *envs.action_spec.shape)
    running = False

    def step() -> None:
      nonlocal running
      if not running:
        envs.reset(generator.integers(2**31, size=workers).tolist())
      results = envs.step(
        list(generator.uniform(-1, 1, shape).astype(np.float32))
      )
      # All episodes of a task have the same duration.
      running = not any(result.last() for result in results)

    timing = measure(step, repeats)
    repeat = envs.action_repeat
  return {
    'label': f'{task} {quality} N={workers}',
    'settings': {
      'task': task,
      'render_quality': quality,
      'workers': workers,
      'action_repeat': repeat,
    },
    'start_seconds': start_seconds,
    'seconds_per_env_step': timing.median_seconds / repeat / workers,
    **dataclasses.asdict(timing),
  }


def render(repeats: int, task: str, quality: str) -> Row:
  """Measures the rendering of one image in a process without TensorFlow.

  Args:
    repeats: Number of repeats.
    task: Name of a task of the suite.
    quality: `exact` or `fast`.
  """
  result = subprocess.run(
    [sys.executable, '-m', 'tools.benchmark.rendering']
    + [task, quality, str(repeats)],
    stdout=subprocess.PIPE,
    text=True,
    check=True,
  )
  return {
    'label': f'{task} {quality}',
    'settings': {'task': task, 'render_quality': quality},
    **json.loads(result.stdout.splitlines()[-1]),
  }
