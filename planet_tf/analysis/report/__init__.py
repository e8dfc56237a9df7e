"""Report about a run: one HTML page that needs no network."""
