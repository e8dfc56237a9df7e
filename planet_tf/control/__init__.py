"""Planning, and running policies in environments."""
