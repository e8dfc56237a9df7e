"""Registry of the functions that gin files configure.

`configurable` is the only place that registers functions with gin, so the
list of settings, their types and their documentation have one source: the
signature of the registered function.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import gin

from planet_tf.errors import UserError

Result = TypeVar('Result')

_REGISTRY: dict[str, Callable[..., Any]] = {}
_SCOPED: set[str] = set()

# Context manager: inside, bindings with this scope win over those without.
in_scope = gin.config_scope


class ConfigurationError(UserError):
  """A configuration that cannot be used."""


class _Failure:
  """Carries a UserError through gin, which would append to its message."""

  def __init__(self, error: UserError) -> None:
    self.error = error


def configurable(
  function: Callable[..., Result], name: str | None = None, scoped: bool = False
) -> Callable[..., Result]:
  """Registers a function so that gin files set its keyword-only parameters.

  Use it for functions that build objects from settings. A ValueError that such
  a function raises is about a setting, so it becomes a ConfigurationError.

  Args:
    function: Function or class to call with the settings.
    name: Name in gin files; the function's own name by default.
    scoped: Whether the function is called inside `in_scope` of a collection
      or evaluation, so that each may have different settings.

  Returns:
    The function to call instead.
  """
  name = name or function.__name__

  @functools.wraps(function)
  def guarded(*args: Any, **kwargs: Any) -> Result | _Failure:
    try:
      return function(*args, **kwargs)
    except UserError as error:
      return _Failure(error)
    except ValueError as error:
      if type(error) is not ValueError:
        raise
      failure = ConfigurationError(f'{name}: {error}')
      failure.__cause__ = error
      return _Failure(failure)

  configured = gin.configurable(name)(guarded)

  @functools.wraps(function)
  def call(*args: Any, **kwargs: Any) -> Result:
    result = configured(*args, **kwargs)
    if isinstance(result, _Failure):
      raise result.error
    return result

  _REGISTRY[name] = function
  if scoped:
    _SCOPED.add(name)
  return call


def registered() -> dict[str, Callable[..., Any]]:
  """Returns the functions that gin files configure, by name."""
  return dict(_REGISTRY)


def scoped() -> set[str]:
  """Returns the names of functions whose settings may have a scope."""
  return set(_SCOPED)


def settable(function: Callable[..., Any]) -> list[str]:
  """Returns the names of the parameters that gin files set.

  They are the keyword-only parameters without a default. The program passes
  the others.
  """
  return [
    parameter.name
    for parameter in inspect.signature(function).parameters.values()
    if parameter.kind is parameter.KEYWORD_ONLY
    and parameter.default is parameter.empty
  ]
