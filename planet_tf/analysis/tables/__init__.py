"""Tables and figures of the paper from groups of runs."""
