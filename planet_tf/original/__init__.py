"""Variable names and checkpoints of the original TensorFlow 1 code."""
