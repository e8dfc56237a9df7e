"""What a run records: metrics, images, videos, progress."""
