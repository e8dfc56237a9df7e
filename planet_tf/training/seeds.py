"""Seeds of every random draw of a run.

A seed is a function of the run's seed, of what it is for, and of a counter.
So there is no generator whose state could get lost: whoever resumes at a
counter draws what would have been drawn.
"""

import zlib

import numpy as np


def make_seed(run_seed: int, purpose: str, counter: int) -> np.ndarray:
  """Derives a seed.

  Args:
    run_seed: Seed of the run, at least 0.
    purpose: What the seed is for, such as `collect`.
    counter: Which draw of its kind it is, at least 0.

  Returns:
    Stateless seed of TensorFlow, int32 [2].
  """
  entropy = [run_seed, zlib.crc32(purpose.encode()), counter]
  state = np.random.SeedSequence(entropy).generate_state(2, np.uint32)
  return state.view(np.int32)


def make_integer_seed(run_seed: int, purpose: str, counter: int) -> int:
  """As `make_seed`, but one integer in [0, 2^31)."""
  return int(make_seed(run_seed, purpose, counter)[0]) & 0x7FFFFFFF
