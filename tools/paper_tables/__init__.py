"""Makes the paper's tables and figures from run directories.

python -m tools.paper_tables --runs=PlaNet='runs/planet_*' --output=tables
"""
