"""Training: configuration, objectives, the loop and its records."""
