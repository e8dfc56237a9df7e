"""Scores an agent of a run or an export: returns of episodes without noise.

The command `planet_tf.evaluate` is a thin layer over this module, which may
use both `exporting` and `training`.
"""

import dataclasses
import pathlib
import sys
from collections.abc import Sequence
from typing import Any, Literal

from planet_tf.config.factories import make_planner, open_envs
from planet_tf.control.simulate import Envs, RandomPolicy, action_bounds
from planet_tf.data.episodes import Episode
from planet_tf.errors import UserError
from planet_tf.exporting import loaded_agent
from planet_tf.exporting.episode_video import draw_frames
from planet_tf.exporting.loaded_agent import LoadedAgent
from planet_tf.logs.progress import progress_bar
from planet_tf.logs.video import write_video
from planet_tf.runs.atomic_files import atomic_write_json
from planet_tf.runs.provenance import describe_process
from planet_tf.training.scores import MakePolicy, Scores, run_episodes
from planet_tf.true_simulator.policy import (
  ONE_ENVIRONMENT,
  SimulatorPolicy,
  check_task,
)

PolicyName = Literal['agent', 'random', 'simulator']

# Facts about the agent that do not apply to other policies.
_AGENT_FACTS = ('planner', 'precision', 'updates')


class ScoringError(UserError):
  """A task or policy that the agent cannot be scored with."""


def load(
  policy: PolicyName,
  *,
  logdir: str | None = None,
  checkpoint: str | None = None,
  saved_model: str | None = None,
  files: Sequence[str] = (),
  params: Sequence[str] = (),
) -> LoadedAgent:
  """Loads an agent to score; replaces the current configuration.

  Args:
    policy: Policy that will act.
    logdir: Run directory of the agent.
    checkpoint: Path prefix of a checkpoint of the run; the latest by default.
    saved_model: Folder of a SavedModel, instead of `logdir`.
    files: Names of gin files to read after the agent's configuration.
    params: Bindings that win over the files.
  """
  params, free = list(params), ['make_envs']
  if policy == 'simulator':
    params, free = [*params, *ONE_ENVIRONMENT], [*free, 'make_planner']
  if saved_model:
    return loaded_agent.from_saved_model(saved_model, files, params, free)
  if not logdir:
    raise ScoringError('Give either logdir or saved_model.')
  return loaded_agent.from_run(logdir, checkpoint, files, params)


def score(
  agent: LoadedAgent,
  policy: PolicyName = 'agent',
  *,
  task: str | None = None,
  episodes: int = 10,
  seed: int = 0,
  output: pathlib.Path | None = None,
  video: pathlib.Path | None = None,
) -> dict[str, Any]:
  """Runs episodes in the tasks of an agent.

  Args:
    agent: Agent to score, or whose tasks another policy acts in.
    policy: Policy that chooses the actions.
    task: Name of one task; all tasks of the agent by default.
    episodes: Number of episodes of each task.
    seed: Seed of the episodes.
    output: JSON file of the record, written after each task.
    video: GIF or MP4 file of the first episode; the task's name is added to
      it if there are several tasks.

  Returns:
    Record of agent, process and policy, and of each task's scores: JSON
    values.

  Raises:
    ScoringError: If the agent does not have the task, or the policy is
      `simulator` and it has several.
    UnknownSimulation: If the simulator does not have the task.
  """
  tasks = _tasks(agent, task)
  record = _describe(agent, policy, seed)
  for name in tasks:
    scores, environments = _run(agent, policy, name, episodes, seed)
    facts = {**scores.describe(), 'environments': environments}
    record['tasks'][name] = facts
    print(f'{name}: mean return {facts["mean"]:.1f}', file=sys.stderr)
    if output:
      atomic_write_json(output, record)
    if video:
      several = len(tasks) > 1
      path = video.with_stem(f'{video.stem}-{name}') if several else video
      _write_video(agent, scores.episodes[0], path)
  return record


def _tasks(agent: LoadedAgent, task: str | None) -> list[str]:
  if task is None:
    return agent.tasks
  if task not in agent.tasks:
    raise ScoringError(
      f'--task={task} is none of the tasks of this agent: '
      f'{", ".join(agent.tasks)}.'
    )
  return [task]


def _describe(
  agent: LoadedAgent, policy: PolicyName, seed: int
) -> dict[str, Any]:
  """Returns the record without scores."""
  facts = dict(agent.facts)
  if policy != 'agent':
    facts = {k: v for k, v in facts.items() if k not in _AGENT_FACTS}
  if policy == 'simulator':
    if len(agent.tasks) > 1:
      raise ScoringError(
        '--policy=simulator is for agents of one task; see python -m '
        'tools.true_simulator.'
      )
    check_task(agent.tasks[0])
    facts['planner'] = dataclasses.asdict(make_planner())
  return {
    **facts,
    'policy': policy,
    'seed': seed,
    'session': describe_process(),
    'tasks': {},
  }


def _run(
  agent: LoadedAgent, policy: PolicyName, task: str, episodes: int, seed: int
) -> tuple[Scores, int]:
  """Returns scores in one task, and the number of parallel environments."""
  with open_envs([task], action_size=agent.action_size) as opened:
    envs = opened[task]
    rounds = -(-episodes // envs.count)
    total = rounds * envs.duration
    with progress_bar(desc=task, total=total, unit='decision') as bar:
      make_policy = _make_policy(agent, policy, task, envs)
      scores = run_episodes(make_policy, envs, episodes, seed, bar.update)
    return scores, min(envs.count, episodes)


def _make_policy(
  agent: LoadedAgent, policy: PolicyName, task: str, envs: Envs
) -> MakePolicy:
  if policy == 'agent':
    return lambda seed, _: agent.agent.policy(seed)
  if policy == 'random':
    bounds = action_bounds(envs.action_spec)
    return lambda _, seeds: RandomPolicy(*bounds, seeds)
  planner, repeat = make_planner(), envs.action_repeat
  return lambda seed, seeds: SimulatorPolicy(task, planner, seeds, seed, repeat)


def _write_video(
  agent: LoadedAgent, episode: Episode, path: pathlib.Path
) -> None:
  write_video(path, draw_frames(agent.functions, episode), rate=20.0)
  print(f'The video is {path}.', file=sys.stderr)
