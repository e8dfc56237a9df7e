"""Registry of tasks: names, factories and their action repeats."""

import dataclasses
import importlib
from collections.abc import Callable

import dm_env

from planet_tf.errors import UserError, did_you_mean

Factory = Callable[..., dm_env.Environment]


class UnknownTask(UserError):
  """A task name is neither registered nor importable."""


@dataclasses.dataclass(frozen=True)
class Task:
  """A task: how to create its environment, and its default options.

  Attributes:
    name: Registered name, or `module:factory`.
    factory: Creates the environment. A parameter `seed` receives an integer
      or None.
    action_repeat: Environment steps per decision.
    duration: Decisions per episode; None means 1000 // action_repeat.
    renders: Whether MuJoCo renders the images, which requires OpenGL.
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
  """Returns a decorator that registers a factory of dm_env environments.

      @register_task('my_task', action_repeat=4)
      def my_task():
        return MyEnvironment()

  Args:
    name: New name, without a colon.
    action_repeat: Environment steps per decision.
    duration: Decisions per episode; None means 1000 // action_repeat.
    renders: False for a task that does not render with MuJoCo and needs no
      OpenGL.

  Returns:
    The decorator, which returns the factory unchanged.

  Raises:
    ValueError: The name contains a colon or belongs to another factory.
  """
  if ':' in name:
    raise ValueError(
      f'Task name {name!r} contains a colon, which is reserved for '
      "'module:factory'; choose another name."
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
  """Registers task names of the form `prefix:NAME`.

  Args:
    prefix: Text before the colon. It is not interpreted as a module.
    find: Returns the factory for the text after the colon, or raises
      UnknownTask.
  """
  _PREFIXES[prefix] = find


def task_names() -> list[str]:
  """Returns the sorted names of all registered tasks."""
  return sorted(_TASKS)


def registered_task(name: str) -> Task | None:
  """Returns the registered task of a name, or None. Imports nothing."""
  return _TASKS.get(name)


def find_task(name: str) -> Task:
  """Returns the task of a registered name, `module:factory` or `prefix:NAME`.

  If the factory of `module:factory` is also registered, the task has the
  registered action repeat and duration.

  Raises:
    UnknownTask: There is no such task.
  """
  prefix, colon, rest = name.partition(':')
  if prefix in _PREFIXES and colon:
    return Task(name, _PREFIXES[prefix](rest))
  if colon:
    return _import_task(name)
  if name not in _TASKS:
    raise UnknownTask(
      f'Unknown task {name!r}{did_you_mean(name, _TASKS) or "."} Known tasks: '
      f'{", ".join(task_names())}; name your own task '
      "'module:factory', and a task of Gymnasium 'gymnasium:ID'."
    )
  return _TASKS[name]


def _import_task(name: str) -> Task:
  module_name, _, attribute = name.partition(':')
  try:
    module = importlib.import_module(module_name)
  except (ModuleNotFoundError, ValueError) as error:
    # If the module exists and one of its own imports fails, keep the
    # traceback.
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
