"""Exports of the agent: SavedModel, StableHLO, LiteRT."""
