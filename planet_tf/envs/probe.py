"""Program that renders a test scene and prints its statistics as JSON.

`rendering.probe_frame` runs it as `python -m planet_tf.envs.probe` with
MUJOCO_GL set.
"""

import json
import time

SCENE = """
<mujoco>
  <worldbody>
    <light pos="0 0 3"/>
    <camera name="fixed" pos="0 -3 1" xyaxes="1 0 0 0 0.3 1"/>
    <geom type="plane" size="2 2 0.1" rgba="0.2 0.4 0.6 1"/>
    <geom type="sphere" size="0.4" pos="0 0 0.4" rgba="0.9 0.6 0.2 1"/>
  </worldbody>
</mujoco>
"""


def main() -> None:
  """Renders twice, because the first frame includes the start of OpenGL."""
  from dm_control import mujoco
  from OpenGL import GL

  physics = mujoco.Physics.from_xml_string(SCENE)
  physics.render(64, 64, camera_id=0)
  start = time.perf_counter()
  frame = physics.render(64, 64, camera_id=0)
  seconds = time.perf_counter() - start
  with physics.contexts.gl.make_current() as context:
    renderer = context.call(GL.glGetString, GL.GL_RENDERER)
  print(
    json.dumps(
      {
        'renderer': renderer.decode(),
        'minimum': int(frame.min()),
        'maximum': int(frame.max()),
        'mean': float(frame.mean()),
        'stddev': float(frame.std()),
        'seconds': seconds,
      }
    ),
    flush=True,
  )


if __name__ == '__main__':
  main()
