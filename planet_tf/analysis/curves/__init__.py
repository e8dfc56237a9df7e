"""Figures of the records of runs."""
