"""Planning with the true simulator."""

import json
from typing import ClassVar

import numpy as np
import pytest

from planet_tf.config import gin_files
from planet_tf.config.factories import make_planner
from planet_tf.control.simulate import simulate
from planet_tf.envs import ParallelEnvs
from planet_tf.training.seeds import make_integer_seed
from planet_tf.true_simulator.policy import SimulatorPolicy
from tests.commands import ROOT, run_program, run_tool

SMALL = (
  '--gin_param=make_planner.candidates=60',
  '--gin_param=make_planner.elites=6',
  '--gin_param=make_planner.iterations=3',
  '--gin_param=make_envs.render_quality="fast"',
)


def _tool(tmp_path, *arguments):
  return run_tool('true_simulator', *SMALL, *arguments, cwd=tmp_path)


def test_balances_pole_and_continues_with_next_episode(tmp_path):
  arguments = (
    '--task=cartpole_balance',
    '--gin_param=make_envs.duration=15',
    '--output=scores.json',
  )
  result = _tool(tmp_path, *arguments, '--video=video.gif')
  assert result.returncode == 0, result.stderr
  assert json.loads(result.stdout)['episodes'] == 1
  assert 'episode 0: return' in result.stderr
  first = json.loads((tmp_path / 'scores.json').read_text())
  assert (tmp_path / 'video.gif').stat().st_size > 1000
  (episode,) = first['results']
  assert episode['decisions'] == 15
  assert episode['return'] > 0.97 * 15 * 8  # At most 1 per control step.
  assert episode['seed'] == make_integer_seed(0, 'evaluate', 0)
  assert first['planner']['candidates'] == 60
  # The render quality does not change scores.
  exact = '--gin_param=make_envs.render_quality="exact"'
  result = _tool(tmp_path, *arguments, '--episodes=2', exact)
  assert result.returncode == 0, result.stderr
  record = json.loads((tmp_path / 'scores.json').read_text())
  assert record['results'][0] == episode
  assert len(record['results']) == len(record['sessions']) == 2
  result = _tool(tmp_path, *arguments)
  assert json.loads(result.stdout)['episodes'] == 2
  assert 'scores.json already has 2 episodes, so none is run' in result.stderr
  result = _tool(tmp_path, *arguments, '--seed=1')
  assert result.returncode == 2
  assert 'other settings (seed is 0 there and 1 now)' in result.stderr


def test_evaluation_uses_same_episodes(tmp_path):
  settings = ('--gin_param=make_envs.duration=5', '--episodes=2')
  result = _tool(tmp_path, '--task=cartpole_swingup', *settings)
  assert result.returncode == 0, result.stderr
  expected = json.loads(result.stdout)['returns']
  result = run_program(
    'planet_tf.evaluate',
    f'--saved_model={ROOT / "examples/cartpole_swingup"}',
    '--policy=simulator',
    '--gin_param=make_planner.iterations=10',
    '--gin_param=make_planner.refit_clipped=True',
    '--gin_param=make_envs.workers=2',
    *SMALL,
    *settings,
    cwd=tmp_path,
  )
  assert result.returncode == 0, result.stderr
  record = json.loads(result.stdout)
  facts = record['tasks']['cartpole_swingup']
  assert facts['returns'] == expected
  assert facts['environments'] == 1
  assert record['planner']['iterations'] == 3
  assert 'updates' not in record and 'precision' not in record


@pytest.mark.parametrize(
  'arguments, message',
  [
    (
      ('--task=dummy',),
      "'dummy' cannot be simulated; use one of cartpole_balance",
    ),
    (('--task=cheetah',), 'cheetah_run'),
    ((), '--task is missing'),
    (
      ('--task=cheetah_run', '--gin_param=train.seed=7'),
      'train.seed=7 has no effect',
    ),
    (
      ('--task=cheetah_run', '--gin_param=main/make_planner.horizon = 6'),
      'has no effect',
    ),
    (
      ('--task=cheetah_run', '--gin_param=make_envs.workers = 2'),
      'one environment acts at a time',
    ),
    (
      (
        '--task=cheetah_run',
        '--gin_file=experiments/figure12_planners.gin',
      ),
      'python -m tools.planner_grid',
    ),
  ],
)
def test_user_errors_are_one_line(tmp_path, arguments, message):
  result = _tool(tmp_path, *arguments)
  assert result.returncode == 2
  assert message in result.stderr
  assert 'Traceback' not in result.stderr


class _Recorded(SimulatorPolicy):
  """Keeps the policies of the groups, to compare their rewards."""

  parts: ClassVar[list] = []

  def part(self, number, indices):
    policy = super().part(number, indices)
    self.parts.append((list(indices), policy))
    return policy


def test_copies_have_same_rewards_as_environments():
  gin_files.parse(
    [],
    [
      'make_planner.candidates = 20',
      'make_planner.elites = 4',
      'make_planner.iterations = 2',
    ],
  )
  seeds = [4, 9]
  task = 'cheetah_run'
  with ParallelEnvs(task, 2, duration=6, render_quality='fast') as envs:
    for groups in (1, 2):
      envs.groups = groups
      _Recorded.parts.clear()
      seed = np.array([1, 2], np.int32)
      policy = _Recorded(task, make_planner(), seeds, seed)
      result = simulate(envs, policy, seeds)
      assert len(_Recorded.parts) == groups
      for indices, part in _Recorded.parts:
        for index, rewards in zip(indices, part.rewards, strict=True):
          recorded = result.episodes[index]['reward'][1:]
          assert len(recorded) == 6 and np.ptp(recorded) > 1e-4
          np.testing.assert_array_equal(rewards, recorded)
