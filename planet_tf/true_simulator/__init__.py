"""Planning with the true simulator instead of a learned model.

Source: paper, table 1 (CEM + true simulator) and figure 12.
"""
