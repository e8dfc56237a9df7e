"""Planning and simulation."""
