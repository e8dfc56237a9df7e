"""Returns of candidate action sequences, from rollouts in MuJoCo on all cores.

The states are exact: the model, integrator, substeps per control step,
clipping of controls and warm starts of the solver are those of the environment.

    J candidates   H horizon   A action size   B batch   T control steps
"""

import ctypes
import importlib
import pathlib

import mujoco
import numpy as np
from dm_control.rl import control
from lxml import etree
from mujoco.rollout import Rollout

from planet_tf.envs.dm_control import quiet_models
from planet_tf.true_simulator.rewards import REWARDS, SimulatedReward, States

# Time, positions, velocities and activations determine the next step.
_STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS

# Candidates per batch of simulations, to bound memory.
_CHUNK = 250


class Rollouts:
  """Simulates candidates from the current state of an environment.

  Args:
    env: Environment of the suite. It is not changed.
    domain: Its domain, such as `cartpole`.
    task: Its task, such as `swingup`.
    action_repeat: Control steps per decision.
    threads: Number of threads.
  """

  def __init__(
    self,
    env: control.Environment,
    domain: str,
    task: str,
    action_repeat: int,
    threads: int,
  ) -> None:
    self._env = env
    self._reward = REWARDS[domain, task]
    self._action_repeat = action_repeat
    physics = env.physics
    self._substeps = round(env.control_timestep() / physics.timestep())
    self._model = _model_with_sensors(domain, self._reward)
    # Energies take time and do not change the results. The same holds for
    # islands if there is only one; with several, the results of the solver
    # differ by up to 1e-6 without islands.
    options = self._model.opt
    options.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_ENERGY)
    if self._model.ntree == 1:
      options.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_ISLAND)
    if not self._reward.reads_sensors:
      options.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_SENSOR)
    _stop_timers()
    self._datas = [mujoco.MjData(self._model) for _ in range(max(1, threads))]
    self._pool = Rollout(nthread=threads if threads > 1 else 0)
    spec = env.action_spec()
    self._low, self._high = spec.minimum, spec.maximum
    self.begin_episode()

  def begin_episode(self) -> None:
    """Copies the model parameters that the task sets. Call it after reset."""
    source = self._env.physics.model.ptr
    for name in dir(self._model):
      value = getattr(self._model, name)
      if name.startswith('name'):  # Offsets of names differ between models.
        continue
      if isinstance(value, np.ndarray) and value.flags.writeable:
        wanted = getattr(source, name)
        if value.shape == wanted.shape:
          value[...] = wanted

  def returns(self, actions: np.ndarray) -> np.ndarray:
    """Returns the sums of rewards of action sequences.

    Args:
      actions: Actions in [-1, 1], [J, H, A].

    Returns:
      Returns [J].
    """
    return self.rewards(actions).sum(1)

  def rewards(self, actions: np.ndarray) -> np.ndarray:
    """Returns the reward of each decision, [J, H]. Arguments as `returns`."""
    candidates, horizon, _ = actions.shape
    center, scale = (self._high + self._low) / 2, (self._high - self._low) / 2
    controls = center + scale * np.clip(actions.astype(np.float64), -1, 1)
    controls = controls.repeat(self._action_repeat, 1)
    rewards = [
      self._rewards_of_steps(controls[start : start + _CHUNK])
      for start in range(0, candidates, _CHUNK)
    ]
    shape = candidates, horizon, self._action_repeat
    return np.concatenate(rewards).reshape(shape).sum(2)

  def _rewards_of_steps(self, controls: np.ndarray) -> np.ndarray:
    """Returns the rewards [B, T] of controls [B, T, A]."""
    states, sensors = self.simulate(controls)
    return self._reward.compute(self._describe(states, controls, sensors))

  def simulate(self, controls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Simulates controls from the environment's current state.

    Args:
      controls: Controls, [B, T, A].

    Returns:
      Time, positions, velocities and activations after each control step
      [B, T, ..], and the sensor readings [B, T, ..], which are valid only if
      the reward uses sensors.
    """
    physics = self._env.physics
    batch = len(controls)
    detailed = controls.repeat(self._substeps, 1)
    if self._reward.reads_sensors:
      # MuJoCo reads sensors at the start of a step, so the last reading needs
      # one more step.
      detailed = np.concatenate([detailed, detailed[:, -1:]], 1)
    initial = np.empty(mujoco.mj_stateSize(self._model, _STATE))
    mujoco.mj_getState(physics.model.ptr, physics.data.ptr, initial, _STATE)
    states, sensors = self._pool.rollout(
      self._model,
      self._datas,
      np.tile(initial, (batch, 1)),
      detailed,
      initial_warmstart=np.tile(physics.data.qacc_warmstart, (batch, 1)),
    )
    last = self._substeps * controls.shape[1]
    states = states[:, self._substeps - 1 : last : self._substeps]
    return states, sensors[:, self._substeps :: self._substeps]

  def _describe(
    self, states: np.ndarray, controls: np.ndarray, sensors: np.ndarray
  ) -> States:
    model = self._model
    position = states[..., 1 : 1 + model.nq]  # After the time.
    velocity = states[..., 1 + model.nq : 1 + model.nq + model.nv]
    joints = [model.joint(index) for index in range(model.njnt)]
    readings = {}
    for index in range(model.nsensor):
      sensor = model.sensor(index)
      start, size = sensor.adr[0], sensor.dim[0]
      readings[sensor.name] = sensors[..., start : start + size]
    return States(
      position={x.name: position[..., x.qposadr[0]] for x in joints},
      velocity={x.name: velocity[..., x.dofadr[0]] for x in joints},
      control=controls,
      sensors=readings,
      model=model,
    )


def _stop_timers() -> None:
  """Turns off MuJoCo's timers in this process; `mjData.timer` stays 0.

  Reading the clock in each stage of a step takes up to a third of the time.
  The clock is a callback of MuJoCo's C API. The Python bindings set it and
  cannot remove it.
  """
  for path in pathlib.Path(mujoco.__file__).parent.glob('libmujoco.*'):
    library = ctypes.CDLL(str(path))
    ctypes.c_void_p.in_dll(library, 'mjcb_time').value = None


def _model_with_sensors(domain: str, reward: SimulatedReward) -> mujoco.MjModel:
  """Returns the suite's model of a domain with the sensors of a reward."""
  module = importlib.import_module(f'dm_control.suite.{domain}')
  xml, assets = module.get_model_and_assets()
  root = etree.fromstring(xml)
  # MuJoCo updates cameras and lights in every step, but rollouts do not render.
  for element in [*root.iter('camera', 'light')]:
    element.getparent().remove(element)
  block = root.find('sensor')
  if block is None:
    block = etree.SubElement(root, 'sensor')
  for sensor in reward.sensors:
    name = sensor.objname
    if sensor.kind == 'framezaxis':
      name += ' zaxis'
    etree.SubElement(
      block,
      sensor.kind,
      name=name,
      objtype=sensor.objtype,
      objname=sensor.objname,
    )
  xml = etree.tostring(root, encoding='unicode')
  with quiet_models():
    return mujoco.MjModel.from_xml_string(xml, assets)
