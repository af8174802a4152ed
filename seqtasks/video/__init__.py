"""Videos: frames out of files, captions over time."""
