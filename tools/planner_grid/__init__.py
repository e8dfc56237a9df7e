"""Evaluates the planner by its settings, with the true simulator.

python -m tools.planner_grid --candidates=100,300 --output=figure12
"""
