"""Registry of tasks: names, factories and their action repeats."""

import dataclasses
import importlib
from collections.abc import Callable

import dm_env

from planet_tf.errors import UserError, did_you_mean

Factory = Callable[..., dm_env.Environment]


class UnknownTask(UserError):
  """A task name that is neither registered nor importable."""


@dataclasses.dataclass(frozen=True)
class Task:
  """What is known of a task before its environment is built.

  Attributes:
    name: Registered name, or `module:factory`.
    factory: Builds the environment. If it has a parameter `seed` it gets one
      (an integer or None).
    action_repeat: Environment steps per decision, unless overridden.
    duration: Decisions per episode; None means 1000 // action repeat.
    renders: Whether images come from MuJoCo, so that OpenGL must work.
  """

  name: str
  factory: Factory
  action_repeat: int = 1
  duration: int | None = None
  renders: bool = True


_TASKS: dict[str, Task] = {}
_PREFIXES: dict[str, Callable[[str], Factory]] = {}


def register_task(
  name: str,
  *,
  action_repeat: int = 1,
  duration: int | None = None,
  renders: bool = True,
) -> Callable[[Factory], Factory]:
  """Decorator that gives a factory of a dm_env environment a task name.

      @register_task('my_task', action_repeat=4)
      def my_task():
        return MyEnvironment()

  Args:
    name: New name; must not contain a colon.
    action_repeat: Environment steps per decision.
    duration: Decisions per episode; None means 1000 // action repeat.
    renders: False for a task that draws its images without MuJoCo; it then
      needs no OpenGL.

  Returns:
    The decorator, which returns the factory unchanged.

  Raises:
    ValueError: The name contains a colon or belongs to another factory.
  """
  if ':' in name:
    raise ValueError(
      f'Task name {name!r} contains a colon, which is reserved for '
      "'module:factory'."
    )

  def decorator(factory: Factory) -> Factory:
    known = _TASKS.get(name)
    if known and _origin(known.factory) != _origin(factory):
      raise ValueError(
        f'Task {name!r} is already registered by '
        f'{_origin(known.factory)}; choose another name.'
      )
    _TASKS[name] = Task(name, factory, action_repeat, duration, renders)
    return factory

  return decorator


def register_prefix(prefix: str, find: Callable[[str], Factory]) -> None:
  """Gives meaning to task names `prefix:NAME`.

  Args:
    prefix: What comes before the colon; no longer taken for a module.
    find: Gives the factory for what comes after it; raises UnknownTask.
  """
  _PREFIXES[prefix] = find


def task_names() -> list[str]:
  """Names of all registered tasks, sorted."""
  return sorted(_TASKS)


def registered_task(name: str) -> Task | None:
  """The task registered under a name, without importing anything."""
  return _TASKS.get(name)


def find_task(name: str) -> Task:
  """The task of a registered name, or of `module:factory`, `prefix:NAME`.

  A factory that is also registered keeps its action repeat and duration.

  Raises:
    UnknownTask: Nothing has this name; names the nearest that exists.
  """
  prefix, colon, rest = name.partition(':')
  if prefix in _PREFIXES and colon:
    return Task(name, _PREFIXES[prefix](rest))
  if colon:
    return _import_task(name)
  if name not in _TASKS:
    raise UnknownTask(
      f'Unknown task {name!r}{did_you_mean(name, _TASKS) or "."} Known tasks: '
      f'{", ".join(task_names())}; a task of your own is named '
      "'module:factory', one of Gymnasium 'gymnasium:ID'."
    )
  return _TASKS[name]


def _import_task(name: str) -> Task:
  module_name, _, attribute = name.partition(':')
  try:
    module = importlib.import_module(module_name)
  except (ModuleNotFoundError, ValueError) as error:
    # A module that exists but misses one of its own imports is the user's
    # bug, whose traceback must stay.
    missing = getattr(error, 'name', None) or module_name
    if module_name != missing and not module_name.startswith(missing + '.'):
      raise
    raise UnknownTask(
      f'Unknown task {name!r}: there is no module {missing!r}.'
    ) from None
  factory = getattr(module, attribute, None)
  if not callable(factory):
    raise UnknownTask(
      f'Unknown task {name!r}: module {module_name!r} has no function '
      f'{attribute!r}{did_you_mean(attribute, vars(module)) or "."}'
    )
  for task in _TASKS.values():
    if task.factory is factory:
      return dataclasses.replace(task, name=name)
  return Task(name, factory)


def _origin(factory: Factory) -> str:
  inner = getattr(factory, 'func', factory)  # functools.partial
  module = getattr(inner, '__module__', '?')
  return f'{module}.{getattr(inner, "__qualname__", repr(inner))}'
