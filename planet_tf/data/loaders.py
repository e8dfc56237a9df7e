"""Loaders: four rules that choose the next episode.

A loader works in cycles. At the start of a cycle it lists the folder and
selects some of the episodes; the cycle then draws from the selection, one
random permutation after another. New files are found only at the start of a
cycle, so the loaders differ in how soon and how often they use a new episode:

  recent   up to half a cycle of new episodes and up to half a cycle of old
           ones. All are drawn equally often; new episodes have an advantage
           only if there are more old ones than half a cycle.
  cache    up to a whole cycle of episodes, new or old.
  reload   every episode once; the cycle ends with the last.
  uniform  independent draws from all episodes.

Original: tools/numpy_episodes.py.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from planet_tf.errors import UserError, did_you_mean


class SamplerError(UserError):
  """A setting of the sampler or a saved position is invalid."""


@dataclasses.dataclass(frozen=True)
class Cycle:
  """Position in the sequence of draws.

  Attributes:
    names: Episodes listed so far, in the order in which they were first seen.
    order: Draws of the cycle, as indices into `names`.
    position: Number of draws made.
  """

  names: tuple[str, ...] = ()
  order: tuple[int, ...] = ()
  position: int = 0

  @property
  def finished(self) -> bool:
    """Whether the next draw needs a new cycle."""
    return self.position >= len(self.order)

  @property
  def current(self) -> str:
    """Name of the episode of the next draw."""
    return self.names[self.order[self.position]]

  def advance(self) -> 'Cycle':
    """Returns the position after one more draw."""
    return dataclasses.replace(self, position=self.position + 1)


def next_cycle(
  loader: str,
  cycle: Cycle,
  listing: Sequence[str],
  interval: int,
  rng: np.random.Generator,
) -> Cycle:
  """Starts a new cycle from a new listing of the folder.

  Args:
    loader: Name of the loader.
    cycle: The finished cycle.
    listing: Names of the current files: at least one, and all of
      `cycle.names`.
    interval: Draws per cycle. The loader 'reload' ignores it.
    rng: Generator for the selection and the order.

  Returns:
    The new cycle, at its first draw.
  """
  seen = set(cycle.names)
  names = cycle.names + tuple(name for name in listing if name not in seen)
  old = len(seen)
  selected = LOADERS[loader](rng, old, len(names), interval)
  draws = len(selected) if loader == 'reload' else interval
  rounds = -(-draws // len(selected))
  order = np.concatenate([rng.permutation(selected) for _ in range(rounds)])
  return Cycle(names, tuple(order[:draws].tolist()))


def check_loader(loader: str) -> None:
  """Raises SamplerError if there is no loader of this name."""
  if loader in LOADERS:
    return
  raise SamplerError(
    f'loader={loader!r} is unknown{did_you_mean(str(loader), LOADERS) or "."}'
    f' Known loaders: {", ".join(LOADERS)}.'
  )


def _recent(
  rng: np.random.Generator, old: int, total: int, interval: int
) -> np.ndarray:
  new = old + _distinct(rng, total - old, interval // 2)
  return np.concatenate([new, _distinct(rng, old, interval // 2)])


def _cache(
  rng: np.random.Generator, old: int, total: int, interval: int
) -> np.ndarray:
  del old
  return _distinct(rng, total, interval)


def _reload(
  rng: np.random.Generator, old: int, total: int, interval: int
) -> np.ndarray:
  del rng, old, interval
  return np.arange(total)


def _uniform(
  rng: np.random.Generator, old: int, total: int, interval: int
) -> np.ndarray:
  del old
  return rng.integers(total, size=interval)


def _distinct(rng: np.random.Generator, total: int, amount: int) -> np.ndarray:
  return rng.choice(total, size=min(total, amount), replace=False)


# (generator, number of old episodes, number of all, draws) -> selected indices
_Select = Callable[[np.random.Generator, int, int, int], np.ndarray]

LOADERS: dict[str, _Select] = {
  'recent': _recent,
  'cache': _cache,
  'reload': _reload,
  'uniform': _uniform,
}
