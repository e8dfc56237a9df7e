"""Which episode is drawn next: the four loaders of the sampler.

A loader works in cycles. At the start of a cycle the folder is listed, and
some of its episodes are selected; the cycle then draws from the selection, one
random permutation after the other. New files are seen only at the start of a
cycle, so the loaders differ in how soon and how often a new episode is used:

  recent   up to half a cycle of new episodes and up to half a cycle of old
           ones. All are drawn equally often; new ones are favoured only where
           there are more old ones than half a cycle.
  cache    up to a whole cycle of episodes, whether new or old.
  reload   every episode once; the cycle ends with the last.
  uniform  every draw from all episodes, independently of the others.

Original: tools/numpy_episodes.py.
"""

import dataclasses
import difflib
from collections.abc import Callable, Sequence

import numpy as np


class SamplerError(ValueError):
  """A setting or a saved state does not fit the sampler."""


@dataclasses.dataclass(frozen=True)
class Cycle:
  """Position in the stream of draws; never changed, only replaced.

  Attributes:
    names: Episodes listed so far, in the order in which they were first seen.
    order: Draws of the cycle, as indices into `names`.
    position: How many of them have been made.
  """

  names: tuple[str, ...] = ()
  order: tuple[int, ...] = ()
  position: int = 0

  @property
  def finished(self) -> bool:
    """Whether the next draw needs another listing."""
    return self.position >= len(self.order)

  @property
  def current(self) -> str:
    """Name of the episode that the next draw gives."""
    return self.names[self.order[self.position]]

  def advance(self) -> 'Cycle':
    """The position after one more draw."""
    return dataclasses.replace(self, position=self.position + 1)


def next_cycle(
  loader: str,
  cycle: Cycle,
  listing: Sequence[str],
  interval: int,
  rng: np.random.Generator,
) -> Cycle:
  """Begins another cycle from a fresh listing of the folder.

  Args:
    loader: Name of the loader.
    cycle: The cycle that ended.
    listing: Names of the files now there; at least one, and none of
      `cycle.names` missing.
    interval: Draws in a cycle; without effect on 'reload'.
    rng: Generator of the selection and of the order.

  Returns:
    A cycle from which nothing has been drawn.
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
  """Raises a SamplerError that names the nearest loader if there is none."""
  if loader in LOADERS:
    return
  near = difflib.get_close_matches(str(loader), LOADERS, n=1, cutoff=0.3)
  hint = f'did you mean {near[0]!r}? ' if near else ''
  raise SamplerError(
    f'loader={loader!r} is unknown; {hint}it is one of {", ".join(LOADERS)}'
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
LOADERS: dict[
  str, Callable[[np.random.Generator, int, int, int], np.ndarray]
] = {
  'recent': _recent,
  'cache': _cache,
  'reload': _reload,
  'uniform': _uniform,
}
