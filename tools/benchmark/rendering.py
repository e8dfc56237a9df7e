"""Program that times the drawing of one image; it never loads TensorFlow.

    python -m tools.benchmark.rendering TASK QUALITY REPEATS

Writes the timing as the last line of standard output.
"""

import dataclasses
import json
import sys

from planet_tf.envs import build_env
from tools.benchmark.timing import measure


def main(task: str, quality: str, repeats: int) -> dict[str, float]:
  """Times `physics.render`, as an environment calls it for each decision.

  Args:
    task: Name of a task of the suite.
    quality: `exact` or `fast`.
    repeats: Number of repeats.
  """
  env = build_env(task, seed=0, render_quality=quality)
  env.reset()

  def draw() -> None:
    env.physics.render(64, 64, camera_id=0)

  timing = dataclasses.asdict(measure(draw, repeats))
  env.close()
  return timing


if __name__ == '__main__':
  print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
