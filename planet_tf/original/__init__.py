"""The original TensorFlow 1 code's variable names and checkpoints."""
