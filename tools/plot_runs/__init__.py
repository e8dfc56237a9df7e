"""Draws the curves of one or many runs, without TensorBoard.

python -m tools.plot_runs --logdirs='runs/*' --output=curves
"""
