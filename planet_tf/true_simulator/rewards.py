"""Rewards of the paper's tasks for batches of simulated states.

Each function computes `get_reward` of a task in the dm_control suite, which
takes a single state. Sensors measure what the simulated states do not contain.

    B candidates   T control steps
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import mujoco
import numpy as np
from dm_control.utils.rewards import tolerance


class Sensor(NamedTuple):
  """A sensor to add to the model; see MuJoCo's XML reference.

  Attributes:
    kind: XML element, such as `framepos`.
    objtype: Type of the measured object, such as `geom`.
    objname: Name of the measured object.
  """

  kind: str
  objtype: str
  objname: str


class States(NamedTuple):
  """Simulated states after each control step.

  Attributes:
    position: Positions by joint, each [B, T].
    velocity: Velocities by joint, each [B, T].
    control: Controls of the steps [B, T, A].
    sensors: Readings by name of the sensor or of the measured object, each
      [B, T, ..].
    model: The model, for the sizes of its objects.
  """

  position: Mapping[str, np.ndarray]
  velocity: Mapping[str, np.ndarray]
  control: np.ndarray
  sensors: Mapping[str, np.ndarray]
  model: mujoco.MjModel


class SimulatedReward(NamedTuple):
  """The reward of a task.

  Attributes:
    sensors: Sensors to add to the suite's model.
    compute: Function from states to rewards [B, T].
    reads_sensors: Whether it uses any sensors, added or of the suite's model.
  """

  sensors: tuple[Sensor, ...]
  compute: Callable[[States], np.ndarray]
  reads_sensors: bool = True


def cartpole(states: States) -> np.ndarray:
  """Smooth reward of `balance` and `swingup`."""
  upright = (np.cos(states.position['hinge_1']) + 1) / 2
  centered = (1 + tolerance(states.position['slider'], margin=2)) / 2
  effort = tolerance(
    states.control, margin=1, value_at_margin=0, sigmoid='quadratic'
  )[..., 0]
  speed = tolerance(states.velocity['hinge_1'], margin=5)
  return upright * (4 + effort) / 5 * (1 + speed) / 2 * centered


def reacher(states: States) -> np.ndarray:
  """Reward of `easy`: 1 if the finger touches the target."""
  ends = states.sensors['target'] - states.sensors['finger']
  distance = np.linalg.norm(ends[..., :2], axis=-1)
  size = (
    states.model.geom('target').size[0] + states.model.geom('finger').size[0]
  )
  return tolerance(distance, (0, size))


def finger(states: States) -> np.ndarray:
  """Reward of `spin`: 1 if the body spins fast enough."""
  return (states.velocity['hinge'] <= -15.0).astype(float)


def cheetah(states: States) -> np.ndarray:
  """Reward of `run`: increases with the speed up to 10 m/s."""
  return tolerance(
    states.sensors['torso_subtreelinvel'][..., 0],
    bounds=(10, np.inf),
    margin=10,
    value_at_margin=0,
    sigmoid='linear',
  )


def ball_in_cup(states: States) -> np.ndarray:
  """Reward of `catch`: 1 if the ball is in the cup."""
  distance = np.abs(states.sensors['target'] - states.sensors['ball'])
  margin = states.model.site('target').size - states.model.geom('ball').size[0]
  inside = distance[..., [0, 2]] < margin[[0, 2]]
  return np.all(inside, axis=-1).astype(float)


def walker(states: States) -> np.ndarray:
  """Reward of `walk`: upright posture and a speed of 1 m/s."""
  height = states.sensors['torso'][..., 2]
  standing = tolerance(height, bounds=(1.2, np.inf), margin=0.6)
  upright = (1 + states.sensors['torso zaxis'][..., 2]) / 2
  standing = (3 * standing + upright) / 4
  moving = tolerance(
    states.sensors['torso_subtreelinvel'][..., 0],
    bounds=(1, np.inf),
    margin=0.5,
    value_at_margin=0.5,
    sigmoid='linear',
  )
  return standing * (5 * moving + 1) / 6


# Domain and task of the suite -> reward.
REWARDS = {
  ('cartpole', 'balance'): SimulatedReward((), cartpole, reads_sensors=False),
  ('cartpole', 'swingup'): SimulatedReward((), cartpole, reads_sensors=False),
  ('reacher', 'easy'): SimulatedReward(
    (
      Sensor('framepos', 'geom', 'target'),
      Sensor('framepos', 'geom', 'finger'),
    ),
    reacher,
  ),
  ('finger', 'spin'): SimulatedReward((), finger, reads_sensors=False),
  ('cheetah', 'run'): SimulatedReward((), cheetah),
  ('ball_in_cup', 'catch'): SimulatedReward(
    (Sensor('framepos', 'site', 'target'), Sensor('framepos', 'xbody', 'ball')),
    ball_in_cup,
  ),
  ('walker', 'walk'): SimulatedReward(
    (
      Sensor('framepos', 'xbody', 'torso'),
      Sensor('framezaxis', 'xbody', 'torso'),
    ),
    walker,
  ),
}
