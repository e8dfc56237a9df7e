"""Whether fast constructions learn as float32 does, on the same data.

    python -m tools.compare_constructions --episodes=RUN/train_episodes \\
        --gin_file=scale/cpu.gin --output=results/constructions
"""
