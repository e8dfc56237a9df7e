"""Writes one HTML page about a run that opens offline.

python -m tools.report --logdir=runs/cheetah --output=cheetah.html
"""
