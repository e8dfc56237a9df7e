"""Imports a checkpoint of the original TensorFlow 1 code as a run directory.

python -m tools.import_original --checkpoint=model.ckpt-500500 --output=run
"""
