"""Lowers plans and updates to programs that run without TensorFlow."""

import pathlib
import sys
from collections.abc import Sequence

from planet_tf.config.model_factories import compile_model, make_world_model
from planet_tf.exporting.lowering import Program, lower, save
from planet_tf.exporting.stablehlo import lower_act
from tools.benchmark import parts
from tools.benchmark.sizes import named_size, with_numerics


def write_programs(
  directory: pathlib.Path, sizes: Sequence[str], agents: Sequence[int]
) -> None:
  """Lowers plans and updates at all sizes in float32 and bfloat16.

  Args:
    directory: Folder for one folder per program, such as
      `plan_paper_float32_1`.
    sizes: As in `plan.make_jobs`.
    agents: Numbers of environments to plan for at once.
  """
  for size in sizes:
    for precision in ('float32', 'bfloat16'):
      with_numerics(named_size(size), precision, '1').apply()
      for count in agents:
        name = f'plan_{size}_{precision}_{count}'
        _write(directory / name, _lower_plan(count))
      _write(directory / f'update_{size}_{precision}', _lower_update())


def _write(directory: pathlib.Path, program: Program) -> None:
  save(program, directory)
  print(f'Wrote {directory}.', file=sys.stderr, flush=True)


def _lower_plan(count: int) -> Program:
  agent, _, _ = parts.plan_inputs(count)
  return lower_act(agent, count)


def _lower_update() -> Program:
  model = make_world_model(parts.ACTION_SIZE)
  compile_model(model)
  variables = [*model.variables, *model.optimizer_variables]
  return lower(
    model.update,
    parts.update_inputs(),
    {x.path: x.value for x in variables},
  )
