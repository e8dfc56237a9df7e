"""Compares the learning of fast numerics with float32, on the same data.

    python -m tools.compare_numerics --episodes=RUN/train_episodes \\
        --gin_file=scale/cpu.gin --output=results/constructions
"""
