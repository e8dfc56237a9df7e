"""Measures how fast this machine plans, updates, simulates and loads data.

    python -m tools.benchmark --output=runs/benchmark.json

docs/BENCHMARK.md says what is measured and how to read it.
"""
