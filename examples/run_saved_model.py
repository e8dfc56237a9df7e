"""Runs an exported agent in dm_control, without planet_tf.

python examples/run_saved_model.py exported/1 --episodes=5
"""

import argparse
import json
import multiprocessing
import os
import pathlib


def environment(pipe, name, repeat, seed):
  """Sends image, reward and end; receives actions. Runs in a separate process,
  because TensorFlow crashes in a process that renders with software OpenGL."""
  os.environ.setdefault('MUJOCO_GL', 'egl')
  from dm_control import suite

  domain, task = name.replace('cup', 'ball_in_cup').rsplit('_', 1)
  env = suite.load(domain, task, task_kwargs={'random': seed})
  step, reward = env.reset(), 0.0
  pipe.send((env.physics.render(64, 64, camera_id=0), reward, False))
  while not step.last():
    action, reward = pipe.recv(), 0.0
    for _ in range(repeat):
      if not step.last():
        step = env.step(action)
        reward += step.reward
    pipe.send((env.physics.render(64, 64, camera_id=0), reward, step.last()))


def run_episode(agent, metadata, seed):
  """Returns the sum of rewards of one episode."""
  (name, task), *_ = metadata['tasks'].items()
  process = multiprocessing.get_context('spawn')
  pipe, other = process.Pipe()
  arguments = (other, name, task['action_repeat'], seed)
  process.Process(target=environment, args=arguments, daemon=True).start()
  state, total, decision = agent.initial_state(1), 0.0, 0
  image, _, last = pipe.recv()
  while not last:
    result = agent.act(
      image=image[None], reset=[decision == 0], seed=[seed, decision], **state
    )
    state = {key: result[key] for key in state}
    pipe.send(result['action'][0].numpy())
    image, reward, last = pipe.recv()
    total, decision = total + reward, decision + 1
  return total


def main():
  """Prints the return of each episode."""
  import tensorflow as tf

  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('saved_model', type=pathlib.Path)
  parser.add_argument('--episodes', type=int, default=1)
  options = parser.parse_args()
  path = options.saved_model / 'assets.extra' / 'metadata.json'
  metadata = json.loads(path.read_text())
  # One thread for each part that the export computes in parallel.
  tf.config.threading.set_inter_op_parallelism_threads(metadata['num_splits'])
  agent = tf.saved_model.load(options.saved_model)
  for seed in range(options.episodes):
    print(f'seed {seed}: return {run_episode(agent, metadata, seed):.1f}')


if __name__ == '__main__':
  main()
