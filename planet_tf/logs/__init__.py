"""Records of a run: metrics, images, videos and progress bars."""
