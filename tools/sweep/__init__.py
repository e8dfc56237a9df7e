"""Trains many runs: tasks x seeds x experiments, on one machine or several.

    python -m tools.sweep --gin_file=scale/cpu.gin --tasks=cheetah_run \\
        --seeds=0,1,2 --logdir=runs/sweep
"""
