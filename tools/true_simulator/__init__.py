"""Evaluates the planner with the true simulator instead of a model.

python -m tools.true_simulator --task=cheetah_run --output=cheetah.json
"""
