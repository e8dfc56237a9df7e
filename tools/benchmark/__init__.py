"""Measures how fast this machine plans, updates, simulates and loads data.

    python -m tools.benchmark --output=runs/benchmark.json

docs/BENCHMARK.md explains the measurements.
"""

# Kinds of measurements, in the order in which they run.
PARTS = (
  'gemm',
  'action',
  'exported',
  'filter',
  'update',
  'cycle',
  'env_step',
  'render',
  'batch',
  'preprocess',
)
