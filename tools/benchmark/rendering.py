"""Measures the rendering of one image without loading TensorFlow.

    python -m tools.benchmark.rendering TASK QUALITY REPEATS

Writes the timing as the last line of standard output.
"""

import dataclasses
import json
import sys

from planet_tf.envs import build_env
from tools.benchmark.timing import measure


def main(task: str, quality: str, repeats: int) -> dict[str, float]:
  """Times `physics.render` as environments call it in each decision.

  Args:
    task: Name of a task of the suite.
    quality: `exact` or `fast`.
    repeats: Number of repeats.
  """
  env = build_env(task, seed=0, render_quality=quality)
  env.reset()

  def render() -> None:
    env.physics.render(64, 64, camera_id=0)

  timing = dataclasses.asdict(measure(render, repeats))
  env.close()
  return timing


if __name__ == '__main__':
  print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
