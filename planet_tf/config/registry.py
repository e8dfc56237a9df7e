"""Which functions gin files configure, and which of their parameters."""

import functools
import inspect
from collections.abc import Callable

import gin

_REGISTRY: dict[str, Callable] = {}
_SCOPED: set[str] = set()

# Calls inside take the bindings of this scope before those without.
in_scope = gin.config_scope


class ConfigurationError(ValueError):
  """A configuration that cannot be used; the message is one line."""


def configurable(
  function: Callable, name: str | None = None, scoped: bool = False
) -> Callable:
  """Lets gin files give a function its arguments.

  For functions that only make things from settings: a ValueError inside them
  is about a setting, so it becomes a ConfigurationError.

  Args:
    function: Function or class to call with the settings.
    name: Its name in gin files; by default its own.
    scoped: Whether it is called `in_scope` of the collections and tests of a
      run, so that each may have settings of its own.

  Returns:
    The function to call instead.
  """
  name = name or function.__name__

  @functools.wraps(function)
  def checked(*args: object, **kwargs: object) -> object:
    try:
      return function(*args, **kwargs)
    except ValueError as error:
      if type(error) is not ValueError:
        raise  # It says by itself what is wrong.
      raise ConfigurationError(f'{name}: {error}') from error

  _REGISTRY[name] = function
  if scoped:
    _SCOPED.add(name)
  return gin.configurable(name)(checked)


def registered() -> dict[str, Callable]:
  """Functions that gin files can configure, by name."""
  return dict(_REGISTRY)


def scoped() -> set[str]:
  """Names of those that collections and tests may configure separately."""
  return set(_SCOPED)


def settable(function: Callable) -> list[str]:
  """Parameters of a function that gin files give.

  They are those that are passed by keyword and have no default; the others
  are given by the program.
  """
  return [
    parameter.name
    for parameter in inspect.signature(function).parameters.values()
    if parameter.kind is parameter.KEYWORD_ONLY
    and parameter.default is parameter.empty
  ]
