"""Groups of runs that are rows of the tables and lines of the figures."""

from collections import Counter
from typing import Any, NamedTuple

from planet_tf.analysis.run import Evaluation, Session
from planet_tf.errors import UserError


class GroupError(UserError):
  """Runs that cannot form a group."""


class Member(NamedTuple):
  """A run of a group, in one of the tasks of its agent.

  Attributes:
    path: The run directory or simulator record.
    task: Name of the task.
    seed: Seed of the run.
    evaluations: Evaluations in order.
    sessions: Versions and hardware of each session.
    precision: The setting `make_world_model.precision`; None without a model.
    imported: Whether the run began with weights of the original code.
  """

  path: str
  task: str
  seed: int
  evaluations: list[Evaluation]
  sessions: list[Session]
  precision: str | None = None
  imported: bool = False

  @property
  def precisions(self) -> list[str]:
    """Precisions of the sessions; with `auto`, the one each machine chose."""
    if self.precision == 'auto':
      return [x.get('auto_precision', 'unknown') for x in self.sessions]
    return [self.precision] if self.precision else []


class Group(NamedTuple):
  """Runs that differ only in seed and task.

  Attributes:
    label: Name that the user chose.
    members: Each run in each of its tasks that has an evaluation.
    input: Observations of the agent.
    changed: Settings that differ from planet.gin.
    skipped: Run directories and tasks without an evaluation.
  """

  label: str
  members: list[Member]
  input: str
  changed: dict[str, Any]
  skipped: list[str]

  @property
  def tasks(self) -> list[str]:
    """Names of the tasks."""
    return list(dict.fromkeys(x.task for x in self.members))

  @property
  def tasks_per_agent(self) -> int:
    """Number of tasks that one agent learns."""
    return max(Counter(x.path for x in self.members).values())

  @property
  def imported(self) -> bool:
    """Whether the runs began with weights of the original code."""
    return self.members[0].imported

  @property
  def notes(self) -> list[str]:
    """What readers must know about the evaluations, one sentence each."""
    notes = [f'{x} has no evaluation yet and is left out' for x in self.skipped]
    for task in self.tasks:
      last, members = self.evaluations(task)[-1], self.of_task(task)
      reached = sorted((x.evaluations[-1].updates, x.path) for x in members)
      slowest, furthest = reached[0], reached[-1]
      if furthest[0] > last[0].updates:
        notes.append(
          f'{task} after {last[0].updates} updates, the last evaluation that '
          f'all runs have in common; {slowest[1]} has reached {slowest[0]}, '
          f'{furthest[1]} {furthest[0]}'
        )
      counts = sorted({len(x.returns) for x in last})
      if len(counts) > 1:
        notes.append(
          f'{task}: evaluations of {counts[0]} to {counts[-1]} episodes; each '
          'run has the same weight'
        )
    return notes

  def of_task(self, task: str) -> list[Member]:
    """Returns the members of a task."""
    return [x for x in self.members if x.task == task]

  def evaluations(self, task: str) -> list[list[Evaluation]]:
    """Returns the evaluations that all runs of a task have in common.

    Returns:
      One list with an evaluation of each run for each number of updates, in
      order.

    Raises:
      GroupError: If they have none in common.
    """
    members = self.of_task(task)
    by_updates: dict[int, list[Evaluation]] = {}
    for member in members:
      # The last one if several have equally many updates.
      for updates, found in {x.updates: x for x in member.evaluations}.items():
        by_updates.setdefault(updates, []).append(found)
    common = {k: x for k, x in by_updates.items() if len(x) == len(members)}
    if not common:
      raise GroupError(
        f'The runs of {task} in {self.label} have no evaluation after the same '
        'number of updates; wait for the newest run.'
      )
    return [common[updates] for updates in sorted(common)]
