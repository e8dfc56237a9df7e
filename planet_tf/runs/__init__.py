"""Run directories: configuration, checkpoints, provenance, loading."""
