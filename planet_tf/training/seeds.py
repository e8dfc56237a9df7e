"""Seeds of all random draws of a run.

A seed is a function of the run's seed, a purpose and a counter. No random
generator has a state to save: a resumed run draws the same numbers.
"""

import zlib

import numpy as np


def make_seed(run_seed: int, purpose: str, counter: int) -> np.ndarray:
  """Returns a stateless seed for TensorFlow, int32 [2].

  Args:
    run_seed: Seed of the run, at least 0.
    purpose: What the seed is for, for example `train-agent`.
    counter: Number of the draw among those with this purpose, at least 0.
  """
  entropy = [run_seed, zlib.crc32(purpose.encode()), counter]
  state = np.random.SeedSequence(entropy).generate_state(2, np.uint32)
  return state.view(np.int32)


def make_integer_seed(run_seed: int, purpose: str, counter: int) -> int:
  """Returns an integer seed in [0, 2^31); arguments as in `make_seed`."""
  return int(make_seed(run_seed, purpose, counter)[0]) & 0x7FFFFFFF
