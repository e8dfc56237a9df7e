"""The agent outside of training: SavedModel, StableHLO, LiteRT."""
