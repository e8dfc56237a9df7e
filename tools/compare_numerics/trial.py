"""Trains one variant in a separate process.

Reads a request as JSON from standard input and writes the losses as the last
line of standard output.
"""

import json
import sys
from typing import Any

from planet_tf import cli

cli.start_tensorflow()

from planet_tf.config import gin_files
from planet_tf.config.factories import make_sampler
from planet_tf.config.model_factories import compile_model, make_world_model
from planet_tf.training.replicas import compiled_update, make_strategy

METRICS = ('loss', 'image_loss', 'reward_loss', 'kl', 'gradient_norm')


def main(request: dict[str, Any]) -> dict[str, list[float]]:
  """Trains on recorded episodes.

  Args:
    request: `episodes`, a folder; `files` and `params`, the configuration;
      `updates`; `action_size`; `noise_seed`. Initial weights and batches are
      the same in all trials.

  Returns:
    Metrics of every update by name.
  """
  gin_files.parse(request['files'], request['params'])
  model = make_world_model(request['action_size'], seed=0)
  model.seed = request['noise_seed']
  compile_model(model)
  update = compiled_update(model, make_strategy('one'))
  sampler = make_sampler(request['episodes'], keys=model.batch_keys, seed=0)
  history: dict[str, list[float]] = {name: [] for name in METRICS}
  for number, batch in enumerate(sampler.batches(request['updates']), 1):
    metrics = update(batch)
    for name in METRICS:
      history[name].append(float(metrics[name]))
    if number % 100 == 0:
      print(f'  {number} updates', file=sys.stderr, flush=True)
  return history


if __name__ == '__main__':
  print(json.dumps(main(json.load(sys.stdin))))
