"""Returns of the planner by its settings, as in figure 12 of the paper."""
