"""The agent outside of this package: SavedModel, StableHLO, LiteRT."""
