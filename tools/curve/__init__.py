"""Keeps the learning curve of a run: CSV, picture, summary, configuration.

    python -m tools.curve --logdir=runs/cartpole_swingup \\
        --output=results/cartpole_swingup
"""
